"""Units of measure of UCUM that are shown outside Silver: a closed list, for any text may be written like a unit.

After HL7's value set of common UCUM units (http://hl7.org/fhir/ValueSet/ucum-common) and LOINC's example units; the
codes are UCUM's, case sensitive (https://ucum.org/ucum).
"""

_COUNTS = """
1 % %{vol} /[HPF] /[LPF] /L /mL /mm3 /uL /min /h /d /wk /mo /a {score} {T-score} {Z-score} {#} {ratio} {index}
{titer} {INR} {pH} {cells} [pH] 10*3 10*6 10*9 10*12 10*3/uL 10*6/uL 10*3/mL 10*6/mL 10*9/L 10*12/L 10*6/L 10*3/L
10*3{cells}/uL 10*6{cells}/uL {beats}/min {breaths}/min {#}/min {#}/uL {#}/[HPF] {#}/a {#}/d {#}/wk {copies}/mL
{cells}/uL {Ct_value} {MoM} [arb'U] [arb'U]/mL [CFU] [CFU]/mL [iU] [iU]/L [iU]/mL [IU] [IU]/L [IU]/mL m[IU]/L
m[IU]/mL m[iU]/L m[iU]/mL u[IU]/mL u[iU]/mL k[IU]/L k[IU]/mL U U/L U/mL U/g kU/L kU/mL mU/L mU/mL uU/mL kat nkat/L
ukat/L
"""
_AMOUNTS = """
g mg ug ng pg kg g/L g/dL g/mL mg/L mg/dL mg/mL ug/L ug/dL ug/mL ng/L ng/dL ng/mL pg/mL pg/dL fg/mL g/d g/kg mg/kg
mg/d ug/d mg/h ug/h mg/g ug/g ng/g mg/mg mg/g{creat} ug/g{creat} mg/min ug/min ug/kg ug/kg/min mg/kg/d mg/kg/h
kg/m2 g/m2 mg/m2 mol mmol umol nmol pmol mol/L mmol/L umol/L nmol/L pmol/L fmol/L mmol/mol mmol/kg umol/g mmol/d
umol/d nmol/min nmol/mL pmol/mL mol/kg mmol/mmol umol/mmol mg/mmol g/mmol meq meq/L meq/dL meq/d eq/L ueq/L osm
mosm mosm/kg mosm/L osm/kg osm/L [drp] [oz_av] [lb_av] [lb_tr] [gr] [stone_av]
"""
_RATES = """
g/g g/kg/d g/mol g/m3 mg/kg/min mg/m3 ug/kg/h ug/m3 ug/mg ug/mmol ng/h ng/d ng/kg ng/kg/min ng/mg ng/min ng/mmol pg/L
pg/mg fmol fmol/g fmol/mg mmol/g mmol/h mmol/kg/d mmol/mol umol/mol umol/mg umol/kg umol/dL umol/h umol/mL umol/min/g
nmol/g nmol/mg nmol/mol nmol/mmol nmol/d nmol/dL pmol/g pmol/d pmol/dL mol/mol mol/d eq ueq meq/h meq/kg meq/kg/h
meq/mL meq/g meq/min U/kg U/kg/h U/h U/d U/dL U/min U/mmol U/umol mU/min mU/g uU/L kat pkat ukat mL/L mL/dL mL/kg/min
mL/kg/d mL/min/m2 L/kg L/L [CFU]/L [IU]/kg [IU]/kg/d [IU]/h [IU]/d [IU]/g [GPL'U] [GPL'U]/mL [MPL'U] [MPL'U]/mL
[APL'U] [APL'U]/mL [beth'U] [arb'U]/L [ppm] [ppb] [HPF] [LPF] /m3 /kg /g /s 10*9/mL 10*3.U atm
"""
_SIZES = """
m cm mm um nm km [in_i] [ft_i] [in_us] [mi_i] m2 cm2 mm2 m3 cm3 mm3 L dL cL mL uL nL pL fL L/min mL/min mL/h mL/d
L/h L/d L/s mL/s L/min/m2 mL/min/{1.73_m2} mL/min/1.73.m2 mL/kg mL/kg/h mL/min/kg mL/m2 [foz_us] [cup_us] [tsp_us]
[tbs_us] [pt_us] s ms us ns min h d wk mo a Cel [degF] K mm[Hg] cm[H2O] kPa Pa hPa bar mbar m[H2O] Hz kHz MHz V mV
uV A mA W kW J kJ cal kcal [Cal] kcal/d kcal/kg Ohm N N.s dB deg rad [diop] Gy mGy cGy Sv mSv Bq MBq kBq Ci mCi m/s
cm/s km/h mm/h [in_i]/h g/h kg/d dyn.s/cm5 dyn.s.m2/cm5 mL/cm[H2O] mm[Hg]/s [pH] {s} [MET].min/wk [MET]
"""
UNITS = tuple(dict.fromkeys(f"{_COUNTS} {_AMOUNTS} {_RATES} {_SIZES}".split()))
