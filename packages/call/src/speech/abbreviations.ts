/** What stands before a full stop that may not end a sentence, without the stop and in lower case. By language, then by what follows. */

const words = (...lists: readonly string[]): ReadonlySet<string> => new Set(lists.flatMap((list) => list.split(" ")));

/** Titles and connectors: something always follows, so the stop never ends a sentence. */
export const NEVER_LAST: ReadonlySet<string> = words(
  /* en */ "mr mrs ms mx messrs dr prof rev fr gen col maj capt cpt cmdr lt sgt cpl pvt adm gov sen rep pres hon supt vs e.g i.e eg ie viz approx cf ca",
  /* de */ "hr frau frl dipl ing z.b zb d.h dh u.a u.u i.d.r v.a o.g s.o s.u m.e bzw ggf evtl inkl exkl zzgl vgl bspw sog insb bzgl hl st nr str",
  /* fr */ "mm mme mmes mlle mlles me mgr p.ex c.-à-d c.à.d env bd chap",
  /* es */ "sra sras srta sres srs dra dña ud uds vd vds p.ej ej núm pág págs avda aprox ee",
  /* it */ "sig sigg sig.ra dott dott.ssa avv p.es pagg",
  /* pt */ "sr exmo profa eng p.e",
  /* nl */ "dhr mevr drs bijv o.a d.w.z m.b.t t.a.v",
  /* sv da no */ "t.ex f.eks bl.a dvs kl",
  /* pl */ "np tzn tzw m.in ul",
  /* ru */ "т.е им ул проф гр",
);

/** Abbreviations only when they begin with a capital: written small these are words. */
export const ONLY_CAPITALISED: ReadonlySet<string> = words(
  "me rep gen col maj sen pres hon adm gov eng sig ing rev fr hr str ms capt art set ago ott mag est lit par op mon wed sat sun mar dec jan jun co rd st ext",
);

/** The end of a list, and therefore of a sentence when a capital follows. */
export const LIST_ENDS: ReadonlySet<string> = words("etc usw ecc enz itd itp osv stb и.т.д т.д т.п");

/** A number follows, or else the stop ends the sentence: "No. 5", but "No. I do not." */
export const BEFORE_NUMBERS: ReadonlySet<string> = words(
  "no nos nr nrs núm art arts fig figs vol vols ch chap sec sect abs par pp pg bd eq op tel ext rm apt ste lit ziff kap est",
  "mon tue tues wed thu thur thurs fri sat sun",
  "jan feb febr mar apr jun jul aug sep sept oct okt nov dec dez janv févr avr juil déc ene abr ago dic gen mag giu lug set ott",
);

/** Part of a name, last in its sentence only when the next one begins with a word that begins sentences. */
export const IN_NAMES: ReadonlySet<string> = words(
  "jr sr esq uu inc ltd co corp llc bros assn dept univ mt mts ft st ave blvd rd hwy jh jhd",
);

/** Measures: a small letter goes on with the sentence. */
export const MEASURES: ReadonlySet<string> = words(
  "min max hr hrs yr yrs oz lb lbs ft in cm mm km kg mo mos std mio mrd tsd",
);

/** Single capitals that are no initials of a name: "Plan B. Then". */
export const LETTERED: ReadonlySet<string> = words(
  "plan vitamin hepatitis option type grade group section part class appendix exhibit schedule team gate terminal track line",
);

/** Words that begin sentences and hardly ever a name. */
export const STARTERS: ReadonlySet<string> = words(
  /* en */ "the it its this that these those then there they we you he she i my your our his her their but and so or if when where what who why how which while because although however also after before since once in on at for from with as an is are was were do does did can could would should have has please let yes no not now here today tomorrow next first second finally some many most all both each every another maybe perhaps just only even still",
  /* de */ "der die das dem den es er sie wir ich ihr und aber oder dann danach wenn weil dies diese dieser dieses ein eine man auch doch so jetzt heute morgen wie was wer wo warum bitte ja nein",
  /* fr */ "il elle nous vous ils elles mais et puis ce c'est cette ces je tu on quand si",
  /* es */ "pero y entonces ella ellos él también esto este esta yo tú usted si cuando",
  /* it pt nl */ "ma poi lui lei questo questa io mas ele ela isso eu maar dan hij zij het dit wij",
);

/** After "5 p.m.": the day or the zone, in the same sentence. */
export const AFTER_TIMES: ReadonlySet<string> = words(
  "monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun",
  "est edt cst cdt mst mdt pst pdt et ct mt pt gmt utc bst cet cest ist jst eastern central mountain pacific",
);

/** Before an ordinal written with a stop: "am 3. Oktober", "der 2. Weltkrieg". */
export const BEFORE_ORDINALS: ReadonlySet<string> = words(
  "am im vom zum zur beim ab bis seit der die das dem den des jeder jede jedes jeden mein meine unser unsere ihr ihre sein seine den det til fra og und oder",
);

/** After one. */
export const AFTER_ORDINALS: ReadonlySet<string> = words(
  "januar jänner februar märz april mai juni juli august september oktober november dezember",
  "jan feb mär apr jun jul aug sep sept okt nov dez januari februari mars maj juni juli augusti oktober",
  "tag woche monat jahr quartal jahrhundert weltkrieg stock etage klasse platz runde kapitel teil auflage bundesliga halbzeit geburtstag person reihe",
);
