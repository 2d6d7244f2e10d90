"""Word lists for the invented titles, albums and artists of generated song tables.

Conventions
-----------
Titles are head + middle + tail, artists are given name + family name; a number below the product
of the list lengths names exactly one combination. Everything here is invented.
"""

from __future__ import annotations

from itertools import product


def _split(text: str, separator: str = ",") -> tuple[str, ...]:
    return tuple(text.split(separator))


HEADS: tuple[str, ...] = _split(
    "Amber,Ancient,Autumn,Bitter,Blind,Blue,Borrowed,Breathless,Bright,Broken,Burning,Careless,"
    "Cheap,Clear,Cold,Copper,Crooked,Crystal,Dancing,Dark,Dear,Deep,Distant,Double,Drifting,"
    "Dusty,Early,Easy,Electric,Empty,Endless,Evening,Faded,Falling,Familiar,Fearless,Final,First,"
    "Flying,Foreign,Forgotten,Fragile,Free,Frozen,Gentle,Glass,Golden,Good,Grand,Green,Hallowed,"
    "Half,Happy,Heavy,Hidden,High,Hollow,Honest,Hungry,Idle,Indigo,Infinite,Inner,Iron,Ivory,"
    "Jealous,Kind,Last,Late,Lazy,Little,Lonely,Long,Lost,Loud,Lucky,Lunar,Magic,Marble,Midnight,"
    "Modern,Naked,Narrow,Neon,New,Northern,Old,Open,Orange,Other,Pale,Paper,Perfect,Plastic,Quiet,"
    "Rainy,Reckless,Restless,Rising,Rough,Running,Sacred,Scarlet,Secret,Seven,Shallow,Silent,"
    "Silver,Simple,Sleeping,Slow,Small,Solar,Southern,Stolen,Strange,Summer,Tender,Thirsty,Tiny,"
    "Turning,Velvet,Violet,Wandering,Warm,Wasted,White,Wild,Winter,Wooden,Yellow,Young"
)

MIDDLES: tuple[str, ...] = _split(
    "Afternoon,Alley,Anchor,Angel,Arrow,Avenue,Balcony,Ballroom,Beacon,Bell,Bird,Boat,Bones,"
    "Boulevard,Bridge,Cadillac,Candle,Canyon,Carnival,Cathedral,City,Clock,Coast,Colours,Compass,"
    "Corner,Cradle,Crown,Crows,Daylight,Desert,Diamond,Door,Dream,Drum,Echo,Ember,Engine,Eyes,"
    "Feather,Fever,Field,Fire,Flame,Flower,Forest,Fountain,Fox,Garden,Ghost,Giant,Guitar,Hand,"
    "Harbour,Heart,Highway,Hill,Home,Honey,Horizon,Horse,Hotel,Hour,House,Island,Jacket,Journey,"
    "Kingdom,Kiss,Ladder,Lake,Lantern,Letter,Light,Lightning,Line,Lion,Machine,Map,Meadow,Memory,"
    "Mile,Mirror,Money,Moon,Morning,Motel,Mountain,Mouth,Name,Night,Ocean,Orchard,Parade,Passenger,"
    "Photograph,Piano,Picture,Planet,Promise,Radio,Rain,Reason,Ribbon,River,Road,Room,Rose,Sailor,"
    "Satellite,Season,Shadow,Shelter,Ship,Shore,Signal,Skin,Sky,Smoke,Snow,Song,Sparrow,Spring,"
    "Station,Stone,Storm,Stranger,Street,Summer,Sun,Swimmer,Table,Telephone,Thunder,Tide,Tiger,"
    "Tower,Town,Train,Tree,Valley,Voice,Water,Wave,Weather,Wheel,Whisper,Wind,Window,Wings,Wolf,"
    "World,Year"
)

#: Half of the tails are empty, as most titles are short.
TAILS: tuple[str, ...] = ("",) * 24 + _split(
    " Again| Tonight| Forever| for You| for Two| in the Rain| in May| in Stereo| on Fire| on Hold"
    "| and I| and Gold| at Dawn| Blues| Theme| Anthem| Waltz| Part Two| without You| Goodbye"
    "| of Mine| by the Sea| to Nowhere| till Monday",
    "|",
)

#: What a later release of the same recording adds to the title.
VERSIONS: tuple[str, ...] = (
    " - Remastered 2011",
    " - 2009 Remaster",
    " - Live",
    " (Live)",
    " - Radio Edit",
    " (Deluxe Version)",
)

GIVEN_NAMES: tuple[str, ...] = _split(
    "Ada,Alba,Anton,Arlo,Bea,Bruno,Cleo,Cyrus,Dalia,Dario,Edda,Elias,Esme,Fabian,Faye,Gideon,"
    "Greta,Hugo,Ida,Ines,Ivo,Jonas,Juno,Kaito,Kira,Lars,Leda,Lior,Luz,Mara,Milo,Nadia,Nico,Odette,"
    "Omar,Otto,Pia,Quinn,Rafa,Remy,Rosa,Sami,Selma,Silas,Tara,Teo,Uma,Vera,Viggo,Wanda,Xenia,"
    "Yara,Yusuf,Zora,The,Los,DJ,MC,Saint"
)

_ONSETS = _split(
    "Ba,Bel,Bran,Cal,Cor,Da,Del,Dor,Fal,Fen,Gal,Gor,Hal,Hel,Il,Jar,Ka,Kel,Lan,Lor,Ma,Mel,Mor,Na,"
    "Nor,Ol,Or,Pal,Per,Qua,Ra,Ren,Ros,Sa,Sel,Sor,Ta,Tel,Tor,Ul,Va,Vel,Vor,Wil,Yar,Zan"
)
_CORES = _split(
    "ba,bri,co,da,di,do,fe,ga,go,ki,la,le,li,lo,ma,me,mi,mo,na,ne,ni,no,ra,re,ri,ro,sa,se,ta,ti,"
    "to,va,ve,vi,za"
)
_ENDINGS = _split(
    "ck,dan,den,ff,gan,kin,lan,ldi,les,lin,mar,nd,ndo,nez,ngs,nn,nsen,nte,ra,rd,rez,rin,rne,ro,"
    "rs,rton,sch,ski,son,ss,tes,tt,va,wen,x,y"
)

FAMILY_NAMES: tuple[str, ...] = tuple(map("".join, product(_ONSETS, _CORES, _ENDINGS)))

N_TITLES = len(HEADS) * len(MIDDLES) * len(TAILS)
N_ARTISTS = len(GIVEN_NAMES) * len(FAMILY_NAMES)

#: What goes before a genre's name; the first is the genre itself.
STYLES: tuple[str, ...] = _split(
    ",indie,alternative,acoustic,club,garage,southern,nordic,dream,latin,brit,desert,neo,coastal,"
    "post,classic,soulful,urban,progressive,psychedelic,lo-fi,tropical,industrial,baroque,"
    "minimal"
)
