//! The table of malformed inputs (payroll-file.md section 6), the summary's story, and the properties.
