//! Names of people, by where they come from, and their form in addresses and host names.

use super::prng::Rng;

/// Given and family names that go together.
struct Origin {
    given: &'static [&'static str],
    family: &'static [&'static str],
}

const ORIGINS: &[Origin] = &[
    Origin {
        given: &["Heike", "Matthias", "Jördis", "Ulrich", "Annegret", "Lennart", "Friederike", "Thorsten"],
        family: &[
            "Kessler",
            "Brodersen",
            "Hinrichs",
            "Möllendorf",
            "Vossberg",
            "Petersen",
            "Ahlers",
            "Claasen",
        ],
    },
    Origin {
        given: &["Sanne", "Joost", "Marijke", "Ruben", "Femke", "Wouter", "Liesbeth", "Bram"],
        family: &["van Rijn", "de Graaf", "Hoekstra", "Verbeek", "Zijlstra", "Terpstra", "Bosman", "Kuipers"],
    },
    Origin {
        given: &["Sigrid", "Øyvind", "Astrid", "Håkon", "Ragnhild", "Torbjørn", "Solveig", "Eirik"],
        family: &["Nordahl", "Haugland", "Bjørnstad", "Kvamme", "Strand", "Fjeldstad", "Myklebust", "Aasen"],
    },
    Origin {
        given: &["Agnieszka", "Paweł", "Małgorzata", "Zbigniew", "Kinga", "Bartosz", "Jadwiga", "Marcin"],
        family: &[
            "Wiśniewska",
            "Nowakowski",
            "Zielińska",
            "Kaczmarek",
            "Dudek",
            "Sikora",
            "Pawlak",
            "Górski",
        ],
    },
    Origin {
        given: &["Eleni", "Dimitris", "Katerina", "Stavros", "Ioanna", "Nikos", "Despina", "Yannis"],
        family: &["Papadaki", "Kontos", "Vlachou", "Mavridis", "Galanis", "Sotiriou", "Lekka", "Economou"],
    },
    Origin {
        given: &[
            "Wei Ling",
            "Jun Hao",
            "Mei Xuan",
            "Boon Keng",
            "Siew Hoon",
            "Zhi Yang",
            "Hui Min",
            "Kai Wen",
        ],
        family: &["Tan", "Lim", "Ng", "Koh", "Chua", "Ong", "Teo", "Goh"],
    },
    Origin {
        given: &["Ananya", "Rohan", "Lakshmi", "Vikram", "Meera", "Arjun", "Kavitha", "Sandeep"],
        family: &["Deshpande", "Iyer", "Kulkarni", "Menon", "Chatterjee", "Nambiar", "Pillai", "Bhatt"],
    },
    Origin {
        given: &["Chidinma", "Oluwaseun", "Ngozi", "Emeka", "Folake", "Tunde", "Adaeze", "Babatunde"],
        family: &["Adeyemi", "Okafor", "Balogun", "Eze", "Nwosu", "Olatunji", "Ibekwe", "Afolabi"],
    },
    Origin {
        given: &["Marisol", "Ignacio", "Ximena", "Rodrigo", "Catalina", "Matías", "Pilar", "Esteban"],
        family: &["Fuentes", "Araya", "Sepúlveda", "Contreras", "Valdés", "Riquelme", "Muñoz", "Carrasco"],
    },
    Origin {
        given: &["Dana", "Marcus", "Loretta", "Wyatt", "Shanice", "Craig", "Bonnie", "Terrell"],
        family: &[
            "Whitfield",
            "Broussard",
            "Hutchins",
            "McAllister",
            "Delacroix",
            "Prescott",
            "Langley",
            "Tran",
        ],
    },
    Origin {
        given: &["Maricel", "Rodel", "Jocelyn", "Arnel", "Cristina", "Dennis", "Rowena", "Jericho"],
        family: &[
            "Santos",
            "Villanueva",
            "Dela Cruz",
            "Bautista",
            "Mercado",
            "Aquino",
            "Magsaysay",
            "Salonga",
        ],
    },
    Origin {
        given: &["Layla", "Omar", "Yasmin", "Karim", "Nour", "Tariq", "Salma", "Faisal"],
        family: &["Haddad", "Mansour", "Khoury", "Al-Amin", "Nasser", "Farouk", "Sabbagh", "Darwish"],
    },
];

/// A given and a family name; one person in eight has them of two origins.
pub(super) fn draw(rng: &mut Rng) -> (&'static str, &'static str) {
    let origin = rng.pick(ORIGINS);
    let other = if rng.chance(12) { rng.pick(ORIGINS) } else { origin };
    (*rng.pick(origin.given), *rng.pick(other.family))
}

/// The letters of a name as an address writes them: lower case, plain Latin, nothing else.
pub(super) fn plain(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' => out.push(letter),
            'ä' | 'å' | 'á' => out.push('a'),
            'ö' | 'ø' | 'ó' => out.push('o'),
            'ü' | 'ú' => out.push('u'),
            'é' | 'è' | 'ę' => out.push('e'),
            'í' => out.push('i'),
            'ł' => out.push('l'),
            'ń' | 'ñ' => out.push('n'),
            'ś' => out.push('s'),
            'ż' | 'ź' => out.push('z'),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_every_name_has_a_plain_form() {
        for name in ORIGINS.iter().flat_map(|origin| origin.given.iter().chain(origin.family)) {
            let letters = name.chars().filter(|letter| letter.is_alphabetic()).count();
            assert_eq!(plain(name).len(), letters, "{name}");
        }
        assert_eq!(plain("Torbjørn"), "torbjorn");
    }
}
