"""Who works with it, which area each reaches, how somebody signs in."""
