"""The languages of the pages: their catalogues, who reads which, and how each writes numbers and times."""
