-- This database compares the bytes of texts anyway.
SELECT 1;
