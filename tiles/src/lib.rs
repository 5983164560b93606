//! What the screen draws: the tile grid, clipping, generalising and encoding.
