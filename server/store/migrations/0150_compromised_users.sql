-- The types of action that rules may approve on users whose verdict is Compromised; where there are none, a person decides.
CREATE TABLE compromised_user_types (
    type SMALLINT NOT NULL PRIMARY KEY
);
