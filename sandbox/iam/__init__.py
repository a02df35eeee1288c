"""Who may do what: the keys that the sandbox gives out, and the program's policies and permissions, evaluated."""
