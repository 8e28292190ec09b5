"""The only room that speaks SQL: migrations, named queries in files, one function a query. The caller owns the transaction."""
