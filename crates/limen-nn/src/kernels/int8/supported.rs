//! Which kernels this processor can run.

use super::kernel::Kernel;
#[cfg(target_arch = "aarch64")]
use super::neon;
use super::portable::PORTABLE;
#[cfg(target_arch = "x86_64")]
use super::x86;

impl Kernel {
    /// Every one that this processor can run, the best first.
    pub fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let special = x86::kernels();
        #[cfg(target_arch = "aarch64")]
        let special = neon::kernels();
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let special = [];
        special.into_iter().flatten().chain([PORTABLE])
    }
}
