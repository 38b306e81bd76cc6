// How much the rules of a form may cost: what is counted, and the end of it.   ⇄ survey/form/budget.py

/** The rules of a form cost more for these answers than a phone or the office can bear. */
export class TooMuch extends Error {}
