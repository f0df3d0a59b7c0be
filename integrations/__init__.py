"""Everything outside our process and database: marketplaces, foreign files, keys, evidence."""
