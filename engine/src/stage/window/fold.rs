//! What a window keeps of one key, and what a slide does with it.

/// How the partial results of one key become the window's.
///
/// A slide is computed aside, from what is kept and what leaves and enters, as a [`Fold::Change`];
/// it is applied when its batch is over. A key's slices leave in the order in which they entered.
pub(crate) trait Fold<V>: Send + Sync + 'static {
    /// What is kept of a key from slide to slide.
    type Held: Send + Sync + 'static;

    /// What a slide does with it.
    type Change: Send + 'static;

    /// The result of a key.
    type Out: Clone + Send + Sync + 'static;

    /// Begins with what is kept; with nothing for a key that is new.
    fn begin(&self, held: Option<&Self::Held>) -> Self::Change;

    /// The oldest slice of the key leaves; `value` is its partial result.
    fn leave(&self, held: Option<&Self::Held>, change: &mut Self::Change, value: &V);

    /// A slice enters.
    fn enter(&self, held: Option<&Self::Held>, change: &mut Self::Change, value: &V);

    /// The result after the change; `None` where no slice of the window has the key any more.
    fn finish(&self, held: Option<&Self::Held>, change: &mut Self::Change) -> Option<Self::Out>;

    /// The result of a key that the slide has not touched.
    fn result(&self, held: &Self::Held) -> Self::Out;

    /// What is kept after the change.
    fn apply(held: Option<Self::Held>, change: Self::Change) -> Self::Held;
}

/// Runs the slides that `slides` lists (how many leave, which enter) over one key, and checks each
/// result against `naive` over what is in the window.
#[cfg(test)]
pub(super) fn holds<V, F: Fold<V>>(
    fold: &F,
    values: &[V],
    slides: &[(usize, usize)],
    naive: impl Fn(&[V]) -> F::Out,
) where
    F::Out: PartialEq + std::fmt::Debug,
{
    let mut held = None;
    let (mut first, mut end) = (0, 0);
    for &(leaving, entering) in slides {
        let mut change = fold.begin(held.as_ref());
        for value in &values[first..first + leaving] {
            fold.leave(held.as_ref(), &mut change, value);
        }
        for value in &values[end..end + entering] {
            fold.enter(held.as_ref(), &mut change, value);
        }
        (first, end) = (first + leaving, end + entering);
        let result = fold.finish(held.as_ref(), &mut change);
        let wanted = (first < end).then(|| naive(&values[first..end]));
        assert_eq!(result, wanted, "{first}..{end} of {slides:?}");
        held = result.is_some().then(|| F::apply(held.take(), change));
        assert_eq!(held.as_ref().map(|held| fold.result(held)), wanted);
    }
}

/// Many ways in which a window can slide over `len` values.
#[cfg(test)]
pub(super) fn ways_to_slide(len: usize) -> Vec<Vec<(usize, usize)>> {
    let mut ways = Vec::new();
    let mut random = 1u64;
    let mut below = |n: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % n
    };
    for _ in 0..300 {
        let (mut inside, mut entered, mut slides) = (0, 0, Vec::new());
        while entered < len {
            let leaving = below(inside + 1);
            let entering = (1 + below(3)).min(len - entered) * below(2);
            inside = inside - leaving + entering;
            entered += entering;
            slides.push((leaving, entering));
        }
        ways.push(slides);
    }
    ways
}
