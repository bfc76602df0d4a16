//! How a network reads a picture.

/// What goes into a network: one picture, and what each of its bytes is to the network.
#[derive(Debug, Clone)]
pub struct PictureInput {
    /// Rows of pixels, above zero.
    pub height: usize,
    /// Pixels of a row, above zero.
    pub width: usize,
    /// Whether the graph has the channels of a pixel together (NHWC), and not a plane of each (NCHW).
    pub channels_last: bool,
    /// Which of red (0), green (1) and blue (2) each channel of the network is.
    pub sources: [usize; 3],
    /// For each channel of the network, the number that stands for each of the 256 bytes.
    pub values: [Vec<f32>; 3],
}

impl PictureInput {
    /// The shape of the graph's input, a batch of one.
    pub fn shape(&self) -> [usize; 4] {
        if self.channels_last { [1, self.height, self.width, 3] } else { [1, 3, self.height, self.width] }
    }

    /// Packed RGB bytes to the numbers that the network reads, in its own layout.
    #[cfg(not(fuzzing))]
    pub(crate) fn normalise(&self, rgb: &[u8]) -> Vec<f32> {
        let value =
            |pixel: &[u8], channel: usize| self.values[channel][usize::from(pixel[self.sources[channel]])];
        let pixels = rgb.chunks_exact(3);
        if self.channels_last {
            pixels.flat_map(|pixel| (0..3).map(move |channel| value(pixel, channel))).collect()
        } else {
            (0..3).flat_map(|channel| pixels.clone().map(move |pixel| value(pixel, channel))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalising_follows_layout_and_channel_order() {
        let bytes = || (0..=255).map(|byte| byte as f32);
        let mut input = PictureInput {
            height: 1,
            width: 2,
            channels_last: false,
            sources: [0, 1, 2],
            values: [1.0, 2.0, 3.0].map(|subtract| bytes().map(|byte| (byte - subtract) / 2.0).collect()),
        };
        let rgb = [1, 2, 3, 3, 4, 5];
        assert_eq!(
            (input.normalise(&rgb), input.shape()),
            (vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0], [1, 3, 1, 2])
        );
        input.channels_last = true;
        input.sources = [2, 1, 0];
        input.values = [0.0; 3].map(|_| bytes().map(|byte| byte / 2.0).collect());
        assert_eq!(
            (input.normalise(&rgb), input.shape()),
            (vec![1.5, 1.0, 0.5, 2.5, 2.0, 1.5], [1, 1, 2, 3])
        );
    }
}
