"""What is typed at the server: `flask --app app …`. Each ends its own transaction."""
