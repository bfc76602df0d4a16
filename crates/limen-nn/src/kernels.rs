//! The arithmetic of lowered networks: convolutions and pools over channels-last images, for the vector units
//! that the processor has. All arithmetic of the project that needs `unsafe` is here.
//!
//! Every kernel is prepared once, from the weights as the graph has them, and then run from any thread. An
//! [`image::Image`] says where the pixels lie in a buffer; a border of padding is part of the buffer, so that
//! no kernel knows of padding.

pub mod buffer;
pub mod float;
pub mod image;
pub mod int8;
pub mod map;
