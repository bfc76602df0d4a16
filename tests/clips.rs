//! Clips of faces before a camera, rendered from photographs: solid heads, prints and screens, and what they do.
//!
//! Nobody is filmed: a photograph and the depth of its mesh give a head that turns; the photograph alone gives a
//! sheet. All numbers that are drawn come from a seed.
//!
//! | file | what |
//! |---|---|
//! | `random` | numbers from a seed |
//! | `space` | angles, poses, the lens |
//! | `canvas`, `texture`, `hallway` | what is painted on, what is painted, what is behind |
//! | `camera` | size, rate, blur, noise and JPEG |
//! | `still` | a photograph with its mesh, and a cast of people |
//! | `surface`, `sheet`, `screen` | flat and bent things: prints, a board with a hole, screens |
//! | `triangles`, `head` | solid heads |
//! | `script`, `movement` | prompts and answers, walking, swaying, shaking |
//! | `clip`, `species`, `write` | a clip, one of each kind, and files of many |
//! | `turntable` | a subject at every angle, for who answers the lights of a real door |
//! | `sheet_tests`, `mesh_tests`, `clip_tests` | that the renderer does what it says |

mod camera;
mod canvas;
mod clip;
mod clip_tests;
mod hallway;
mod head;
mod mesh_tests;
mod movement;
pub mod random;
mod screen;
pub mod script;
mod sheet;
mod sheet_tests;
mod space;
mod species;
pub mod still;
mod surface;
mod texture;
mod triangles;
pub mod turntable;
mod write;
