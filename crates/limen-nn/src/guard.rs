//! A graph that the inference engine cannot take must be an error: tract panics on some that are damaged, for
//! one on an output that nothing computes.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is an answer, and not to be reported.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does some work; its panic is an error in its own words, and nothing is printed.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    keep_quiet_where_guarded();
    let outer = GUARDED.replace(true);
    // What the work leaves half-done is its own, and gone with it.
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    result.map_err(|panic| format!("the inference engine gave up: {}", words_of(&*panic)))
}

fn keep_quiet_where_guarded() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                report(panic);
            }
        }));
    });
}

fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_what_went_well_a_value() {
        assert_eq!(guarded(|| 7), Ok(7));
        let error = guarded(|| [0_u8; 2].get(7).copied().expect("a number")).expect_err("a panic");
        assert_eq!(error, "the inference engine gave up: a number");
    }
}
