#!/usr/bin/env python3
"""Copies the remote scenes of a catalogue to S3 and lets it find them there:  to_s3.py DATABASE BUCKET

The catalogue has the keys (place, scene); the server is that of the AWS_* variables.
"""
import pathlib
import sqlite3
import sys

from osgeo import gdal

gdal.UseExceptions()


def upload(path, uri):
    data = pathlib.Path(path).read_bytes()
    file = gdal.VSIFOpenL(uri.replace("s3://", "/vsis3/"), "wb")
    if gdal.VSIFWriteL(data, 1, len(data), file) != len(data) or gdal.VSIFCloseL(file) != 0:
        sys.exit(f"{uri} cannot be written")


database, bucket = sys.argv[1:]
with sqlite3.connect(database) as db:
    for scene, path in db.execute("SELECT scene, path FROM datasets WHERE place = 'remote'").fetchall():
        uri = f"s3://{bucket}/{scene}.tif"
        upload(path, uri)
        db.execute("UPDATE datasets SET path = ? WHERE place = 'remote' AND scene = ?", (uri, scene))
