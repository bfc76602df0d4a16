//! Which instruction set the kernels run in.

#[cfg(target_arch = "x86_64")]
use super::lanes::avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use super::lanes::avx512::Avx512;
#[cfg(target_arch = "aarch64")]
use super::lanes::neon::Neon;
use super::lanes::portable::Portable;
use super::lanes::{Lanes, SimdJob};

/// An instruction set that this processor has.
#[derive(Debug, Clone, Copy)]
pub struct Isa(Set);

#[derive(Debug, Clone, Copy)]
enum Set {
    Portable(Portable),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
}

impl Isa {
    /// The fastest.
    pub fn best() -> Self {
        Self::all().last().unwrap_or(Self(Set::Portable(Portable)))
    }

    /// All that this processor has, the fastest last.
    pub fn all() -> impl Iterator<Item = Self> {
        let portable = [Set::Portable(Portable)].into_iter();
        #[cfg(target_arch = "x86_64")]
        let faster = Avx2::detect().map(Set::Avx2).into_iter().chain(Avx512::detect().map(Set::Avx512));
        #[cfg(target_arch = "aarch64")]
        let faster = Neon::detect().map(Set::Neon).into_iter();
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let faster = std::iter::empty();
        portable.chain(faster).map(Self)
    }

    /// Lanes of a vector, and the most columns of them that are computed side by side.
    pub(super) fn shape(self) -> (usize, usize) {
        fn of<L: Lanes>(_: L) -> (usize, usize) {
            (L::COUNT, L::COLUMNS)
        }
        match self.0 {
            Set::Portable(lanes) => of(lanes),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(lanes) => of(lanes),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(lanes) => of(lanes),
            #[cfg(target_arch = "aarch64")]
            Set::Neon(lanes) => of(lanes),
        }
    }

    /// Runs a job.
    pub(super) fn run(self, job: impl SimdJob) {
        match self.0 {
            Set::Portable(lanes) => lanes.run(job),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(lanes) => lanes.run(job),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(lanes) => lanes.run(job),
            #[cfg(target_arch = "aarch64")]
            Set::Neon(lanes) => lanes.run(job),
        }
    }
}
