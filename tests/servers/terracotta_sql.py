#!/usr/bin/env python3
"""SQL of the tables that Terracotta would have on a server, from its SQLite file:
tests/servers/terracotta_sql.py catalog.sqlite postgresql|mariadb"""
import sqlite3
import sys

path, kind = sys.argv[1:]
tables = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
is_postgresql = kind == "postgresql"
real, blob = "DOUBLE PRECISION", "BYTEA" if is_postgresql else "BLOB"


def name(text):
    return f'"{text}"' if is_postgresql else f"`{text}`"


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'" if is_postgresql else f"X'{value.hex()}'"
    if isinstance(value, str):
        value = value if is_postgresql else value.replace("\\", "\\\\")
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


keys = [row[0] for row in tables.execute("SELECT key_name FROM key_names ORDER BY idx")]
columns = ", ".join(f"{name(key)} VARCHAR(60) NOT NULL" for key in keys)
primary = f"PRIMARY KEY ({', '.join(map(name, keys))})"
numbers = "".join(f"{column} {real}, " for column in ("valid_percentage", "min", "max", "mean", "stdev"))
bounds = "".join(f"bounds_{side} {real}, " for side in ("north", "east", "south", "west"))
print("CREATE TABLE terracotta (version VARCHAR(255) NOT NULL, PRIMARY KEY (version));")
print("CREATE TABLE key_names (key_name VARCHAR(60) NOT NULL, description VARCHAR(8000), idx INTEGER, "
      "PRIMARY KEY (key_name), UNIQUE (idx));")
print(f"CREATE TABLE datasets ({columns}, path VARCHAR(8000), {primary});")
print(f"CREATE TABLE metadata ({columns}, {bounds}convex_hull TEXT, {numbers}percentiles {blob}, metadata TEXT, {primary});")
for table in ("terracotta", "key_names", "datasets", "metadata"):
    rows = tables.execute(f"SELECT * FROM {table}")
    heads = ", ".join(name(column[0]) for column in rows.description)
    for row in rows:
        print(f"INSERT INTO {table} ({heads}) VALUES ({', '.join(map(literal, row))});")
