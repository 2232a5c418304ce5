//! A wrong course must be found out.
