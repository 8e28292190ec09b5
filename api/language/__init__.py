"""The languages of the pages: their catalogues, the choice of one, and the formats of numbers and times."""
