//! Names of people who do not exist: 2,900 first and 470 last names, 8 of the last ones with an apostrophe (1.7 %, as
//! in the original file).

use crate::random::Draw;

#[rustfmt::skip]
const FIRST_BEGINNINGS: [&str; 58] = [
    "Bax", "Bex", "Bix", "Bux", "Dax", "Dex", "Dix", "Dox", "Dux", "Faz", "Fez", "Fiz", "Foz", "Fuz", "Gax",
    "Gex", "Gix", "Gox", "Gux", "Jax", "Jex", "Jix", "Jox", "Jux", "Kaz", "Kez", "Koz", "Kuz", "Lex", "Lix",
    "Lox", "Lux", "Mex", "Mox", "Mux", "Naz", "Niz", "Noz", "Nuz", "Pax", "Pex", "Pix", "Pox", "Pux", "Tix",
    "Tox", "Tux", "Vax", "Vex", "Vix", "Vox", "Vux", "Waz", "Wez", "Wiz", "Woz", "Wuz", "Zax",
];

#[rustfmt::skip]
const FIRST_ENDINGS: [&str; 50] = [
    "ab", "abel", "ador", "alin", "amir", "anda", "aro", "axon", "eb", "edra", "elan", "elio", "emi", "enna", "era",
    "esto", "etta", "ev", "ibel", "ido", "ilia", "imo", "inda", "ira", "iso", "itha", "ivo", "ob", "odel", "oli",
    "omar", "onda", "ora", "osi", "otto", "ovan", "ub", "udora", "ulan", "umi", "una", "uri", "uso", "utha", "uvel",
    "yla", "ymo", "yna", "yri", "ytho",
];

#[rustfmt::skip]
const LAST_BEGINNINGS: [&str; 22] = [
    "Sample", "Mock", "Test", "Dummy", "Demo", "Faux", "Fable", "Fiction", "Proto", "Pseudo", "Stub",
    "Trial", "Draft", "Model", "Virtual", "Invent", "Notreal", "Example", "Pretend", "Puppet", "Mirage", "Phantom",
];

#[rustfmt::skip]
const LAST_ENDINGS: [&str; 21] = [
    "son", "man", "ton", "ley", "field", "wood", "berg", "well", "ford", "smith", "worth",
    "by", "ham", "stone", "land", "brook", "dale", "gate", "ridge", "wick", "more",
];

const LAST_WITH_APOSTROPHE: [&str; 8] =
    ["O'Sample", "O'Mock", "O'Test", "O'Demo", "O'Pretend", "D'Faux", "D'Fable", "D'Mirage"];

pub(crate) fn first_name(draw: &mut Draw) -> String {
    let beginning = draw.pick(&FIRST_BEGINNINGS);
    let ending = draw.pick(&FIRST_ENDINGS);
    format!("{beginning}{ending}")
}

pub(crate) fn last_name(draw: &mut Draw) -> String {
    let composed = LAST_BEGINNINGS.len() * LAST_ENDINGS.len();
    let choice = draw.index(composed + LAST_WITH_APOSTROPHE.len());
    match choice.checked_sub(composed) {
        Some(choice) => LAST_WITH_APOSTROPHE[choice].to_owned(),
        None => {
            let (beginning, ending) = (choice / LAST_ENDINGS.len(), choice % LAST_ENDINGS.len());
            format!("{}{}", LAST_BEGINNINGS[beginning], LAST_ENDINGS[ending])
        }
    }
}
