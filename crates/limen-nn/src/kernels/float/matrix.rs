//! A row times a matrix.

/// Writes as many sums as the output is long; the matrix lies row by row, a row for each number of the input.
pub fn row_by_matrix(row: &[f32], matrix: &[f32], output: &mut [f32]) {
    output.fill(0.0);
    for (value, weights) in row.iter().zip(matrix.chunks_exact(output.len())) {
        output.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += value * weight);
    }
}
