"""The rules about staff. Belongs here: person, role, session, approval, credit. Never here: bus, SQL, clock."""
