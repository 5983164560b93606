//! Where things are: exact point, area and nearest queries over coordinates and keys.
