//! Whether anything that was found is likely to answer the question.

use super::question::Weighed;
use super::score::Hit;

/// Whether the best hits cover enough of the question.
pub fn is_confident(_asked: &Weighed<'_>, hits: &[Hit]) -> bool {
    !hits.is_empty() && hits[0].coverage > 0.0
}
