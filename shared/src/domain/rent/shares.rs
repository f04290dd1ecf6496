//! A sum split among the renters of a lease.

use crate::domain::money::{Cents, MoneyOverflow};

/// Returns the parts of an amount by shares, to the cent: what is left over goes to the largest remainders, the earlier one first.
///
/// All of it is split: the parts add up to the amount. Nothing is split where no share is above zero.
pub fn split(amount: Cents, shares: &[u32]) -> Result<Vec<Cents>, MoneyOverflow> {
    let whole: i128 = shares.iter().copied().map(i128::from).sum();
    if whole == 0 || !amount.is_positive() {
        return Ok(vec![Cents::ZERO; shares.len()]);
    }
    let product = |share: &u32| i128::from(amount.get()).checked_mul(i128::from(*share)).ok_or(MoneyOverflow);
    let products: Vec<i128> = shares.iter().map(product).collect::<Result<_, _>>()?;
    let mut parts: Vec<i128> = products.iter().map(|product| product.div_euclid(whole)).collect();
    let left = i128::from(amount.get()).saturating_sub(parts.iter().sum());
    let mut by_remainder: Vec<(usize, i128)> =
        products.iter().map(|product| product.rem_euclid(whole)).enumerate().collect();
    by_remainder.sort_by_key(|(place, remainder)| (std::cmp::Reverse(*remainder), *place));
    for (place, _) in by_remainder.into_iter().take(usize::try_from(left).unwrap_or_default()) {
        if let Some(part) = parts.get_mut(place) {
            *part = part.saturating_add(1);
        }
    }
    parts.into_iter().map(|part| i64::try_from(part).map(Cents::new).map_err(|_| MoneyOverflow)).collect()
}
