"""The office: accounts, questionnaires, points tables, the register, rounds."""
