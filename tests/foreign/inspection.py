"""Reads an inspection's package with Python's own csv and zipfile, and its PDF with pypdf, as somebody would who has
nothing of Kaiji's.

Takes the zip's path and the encoding of its tables. Prints one JSON object: for each table its rows as lists of cells, for
the PDF its title, language, outline and the text of each page. A table whose rows differ in length ends it.
"""

import csv
import io
import json
import sys
import zipfile

import pypdf


def rows(packed, name, encoding):
    text = io.TextIOWrapper(packed.open(name), encoding=encoding, newline="")
    found = list(csv.reader(text, strict=True))
    lengths = {len(row) for row in found}
    assert len(lengths) == 1, f"{name}: rows of {lengths} cells"
    return found


def outline(reader, entries):
    for entry in entries:
        if isinstance(entry, list):
            yield from outline(reader, entry)
        else:
            yield [entry.title, reader.get_destination_page_number(entry)]


path, encoding = sys.argv[1:]
with zipfile.ZipFile(path) as packed:
    assert packed.testzip() is None
    names = [name for name in packed.namelist() if name.endswith(".csv")]
    whole = ("utf-8/", "characters.csv")
    tables = {name: rows(packed, name, "utf-8-sig" if name.startswith(whole) else encoding) for name in names}
    reader = pypdf.PdfReader(io.BytesIO(packed.read("inspection.pdf")), strict=True)
catalogue = reader.trailer["/Root"]
fonts = {font["/BaseFont"] for page in reader.pages for font in page["/Resources"]["/Font"].values()}
json.dump(
    {
        "tables": tables,
        "title": reader.metadata.title,
        "language": catalogue.get("/Lang"),
        "tagged": bool(catalogue.get("/MarkInfo", {}).get("/Marked")),
        "fonts": sorted(fonts),
        "outline": list(outline(reader, reader.outline)),
        "pages": [page.extract_text() for page in reader.pages],
    },
    sys.stdout,
)
