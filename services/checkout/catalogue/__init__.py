"""What is shipped and read as CSV: items and tax rates. Never here: the database, the rules of a sale.

``sample_items.csv`` is a made-up shop. Its barcodes begin with 20, 21 or 2 (GTIN-8): GS1 keeps these
prefixes for restricted circulation inside a company (GS1 General Specifications, section 1.4), so none
of them is the number of a real product.
"""
