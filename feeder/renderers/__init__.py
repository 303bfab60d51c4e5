"""How a feed looks as bytes: one module a format. They decide nothing and write nothing."""
