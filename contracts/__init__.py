"""The language every service, register and tool speaks: messages, topics, ids and money.

Belongs here: what travels on the bus and the words for it. Never here: SQL, ``await``, any service.
"""
