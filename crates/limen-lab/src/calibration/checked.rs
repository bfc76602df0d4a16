//! The rates at which a gallery is compared with the tables: high ones, where it has pairs to count.

/// The rates of one comparison at which pairs are counted.
pub const CHECKED: [f64; 2] = [1e-2, 1e-3];
