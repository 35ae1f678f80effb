HTML = "x"
POLICY = "default-src 'none'"
