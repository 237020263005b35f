"""Words, months, first names, places and famous people whose spelling is also somebody's surname.

A surname on one of these lists is told from the ordinary word by what stands around it; one that is on none of them is a
surname wherever it stands. A school adds its own with `everyday` in the policy.
"""

from __future__ import annotations

from typing import Final


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS: Final = _set(
    """
    abbey able about abbot above ace acre act adder after again age ago aim air alder ale alive all alley alms along also
    amber among anchor and angel anger animal answer any apple arch archer are area ark arm armour army art artist ash ask
    aspen aster at autumn away axe baby back bacon badge badger bag bailey bain bake baker balance ball ballad bamboo band
    bane bank banker banks banner bar bard bare bark barker barley barn baron barrel barrow base basil basin basket bass
    bat bath bay be beach beacon bead beak beam bean beans bear beard beat beaver beck bed bee beech beer begin bell belle
    below belt bench bend berry best better big bill bin bind birch bird bishop bit bite bitter black blackberry
    blackbird blade blank blanket blaze bless blessing bliss block bloom blossom blow blue board boat body bold bolt bond
    bone bonfire bonny book boon boot booth border born boss bottle bottom bough boulder bound bow bower bowl bowler bowman
    box boy bracken brain brake bramble branch brand brass brave bray bread break breeze brew brewer brick bridge bridges
    brief bright brisk bristow broad brook brooke brooks broom brother brown browning bruce brush buck bud bugle build
    builder bull bullock bunting burden burn burns burrow bush busby busy but butcher butler butter butterfly button buy by
    bye bystander cabbage cable cage cake call camp can candle candy cane canon cap cape captain car card care carey
    carol carpenter carrier cart carter carve carver case cash castle cat catch cattle cave cedar centre chain chair
    chalk chamber chambers chance chandler chant chaplin chapman chapel charity charm chart chase cheek cheer cheese
    cherry chess chest chew chick child chill chime chip chippy choice choose church circle city clapper clay clean clear
    clement clerk clever cliff climb cloak clock close cloth cloud clover club coal coast coat cobb cock cocker cod coin
    coke cold cole collar collier colour come comet comb common constable coo cook cooks cool coop cooper cope copper coral
    cord cork corn corner cotton couch count country court cousins cove cow coward cowherd crab craft crag crane cream
    creek creed creek crew crisp critchley crook crop cross crossing crow crowd crown crows cruise crump crush cry cub
    cuckoo cup curl current currie curry curtain cushion custard cut cutler cutter cygnet dab dad daffodil dagger daisy
    dale dame damp dance dancer dane dare dark darling dart dash date daughter dawn day days deacon deal dean dear dee deep
    deer dell den dent desert desk dew dial diamond dice dig dine dingle dip disc dish dive diver do dock doctor dodge doe
    dog doll dolphin don done donkey door dove dover dower down downs dragon drake draper draw dream dress drew drill drink
    drive driver drop drum drummer dry duck duckling due duke dust dusty duty dwell dyer each eagle ear earl early earth
    earthy east easter eastern easy eat edge egg elder elderberry elf elite ell elm else ember emerald end england english
    enough even evening ever every eve ewe eye fair fairy faith fall falcon family fame fan fancy far farm farmer fast fat
    father favour fawn fear feast feather fell fellow fen fence fern ferry fetch few fiddle fiddler field fielder fields
    fig fight file fill finch find fine finger fir fire first fish fisher fist fit flag flame flash flat flavell fleet flood
    floor flour flower flowers fly foal fog fold folly food foot for force ford forest forester forge fork fort forth
    fortune foster found fountain fowler fox frame france freak free freeman freeze french fresh friar friday friend frog
    frost fruit fry full fuller fun funk funnel furlong furnace fury gain gale gallant galley game gander garden gardener
    gardiner garland garlic garner gate gates gauge gay gem general gentle gentry get giant gift gild ginger girl give glad
    glade glass gleam glen glide globe glory glove glover glow go goat god gold golden golding goldsmith good goodall
    goodbody goodday goodenough gooding goodman goods goose gore gorse gosling got grace grain grand grange granger grant
    grape grass grate grave gravel graves gray graze great green greenfield greenhill greens greenwood greet grey grief grim
    grit grove groves grow guard guest guide guild guilt gull gum gun gunner guy had hair hale half halfpenny hall halls ham
    hammer hammond hand handle hands handy hanger happy harbour hard hardy hare harm harmony harness harp harper harrow
    harsh hart harvest has hat hatch hatcher hatter have haven hawk hawker hawthorn hay hayes hayward haywood hazel he head
    heal health heap heard heart hearth heat heath heather heaven heavy hedge hedges held helm help helper hen her herald
    herb herbert herd here hero heron herring hick hide high hill hillier hills hind hinge hip his hive hoard hobby hockey
    hogg hold holder hole holiday holland hollow holly holm holmes holt holy home honey honour hood hook hooker hope hopper
    horn horne horner horse horseman hose host hot hotspur hound hour house how huff hug hull hum humble hunt hunter hunting
    hurdle hurst hush husk hut hyde ice idle if ill in inch inn iris iron island it ivory ivy jack jackdaw jacket jade jam
    jar jay jelly jersey jet jewel job join joiner joke jolly joy joyce judge jug juice jump just justice kay keen keep
    keeper kemp ken kennel kent kettle key kid kidd kin kind king kingdom kinghorn kingfisher kings kiss kit kitchen kite
    knapp knave knee knight knightly knock knoll knot knott know knowles lace lad ladder lady lake lamb lambert lamp lance
    land lander landing lane lantern large lark last late laurel lavender law lawn lawyer lay lea lead leader leaf lean
    leap learn leather leave leaver lee leek leg lemon length lent less let letter level lever life lift light lightfoot
    lily lime limb line linen link lion lip list lister little live lively lizard lo load loaf loan loch lock locket lodge
    loft log long longbottom longfellow look loom loop lord lot loud love lovelace loveless lovely lover low lowe luck lucky
    lump lunch lung lynch lyon lyric mace mad magic magpie maid mail main major make maker mallet mallow malt man manager
    mane manger manly manner manning manor maple marble march marigold mark marker market marks marlow marrow marsh marshal
    marshall mart martin mason mass master masters mate may mead meadow meadows meal mean measure meat medal medley meek
    meet mellow mercer merchant mercy merit merry merryman mess metal mew middle midnight might mild mile miles mill miller
    millet mills milner mince mind mine miner mink minor mint mist mister mitten mix moat mob mole moment monday money monk
    month moon moor moore moorhen morn morning moss most mote moth mother mould mount mountain mouse mouth much mud mule
    munch must mutton myrtle nail name narrow naughty nave navy near neat neck need needle nelly nephew nest nettle never
    new newbold newly newman newt next nice nick night nightingale nip no noble noon nook noor north northern nose not note
    nought now number nurse nut oak oaks oar oat oats ocean odd of off office oil old oldfield olive on once one onion only
    opal open or orange orchard order organ oriole orphan other otter ought our out outlaw oven over own owl ox oxen pack
    packer padding paddock page pain paint painter palace pale palfrey palm palmer pan pansy paper parable pardon parish
    park parker parrot parson part partridge party pass past paste pastor pasture patch path patient patience pattern paul
    pave paw pay pea peabody peace peach peacock peak pear pearl pease peck peel peeler peg pen penny people pepper perch
    perfect perk perkin pheasant picker pick pickle picture pie pier piggott pigeon pike pilgrim pill pilot pin pinch pine
    pink pint pipe piper pit pitch pitcher place plaice plain plane plank plant planter plate platt play player please
    pleasure plenty plot plough plow plum plumb plumber plume plummer poem poet point pole polish pollard pond pool poor
    pope poplar poppy porch port porter post pot pott potter potts pound powder power powers pratt pray prayer preacher
    press prest pretty price prickle pride priest prime primrose prince print prior privet prize proctor profit proper
    proud prune pudding puddle pugh pull pullen pump punch pupil pure purple purse push quail quarry quart quarter queen
    quest quick quiet quill quilt quince rabbit race rack radish raft rag rail rain rainbow rainford raisin rake rally ram
    ramp ran range ranger rank rapid rare rash rat rate raven raw ray reach read reader reading ready real reap reaper
    reason rector red redhead redman reed reef reeve reeves regal reign rein relish rest rhodes rice rich riches riddle
    ride rider ridge ridley right rigg rill ring ringer rise river rivers road roads roam roan roar roast robin rock rocket
    rod rode roe roll roller roman rome rood roof rook room root roots rope roper rose rosemary rough round rover row rowan
    rowe royal ruby rudd ruff rule ruler run runner rush russet rust rye sack saddle saddler sadler safe sage sail sailor
    saint sale salmon salt salter salute same samphire sand sandal sands sandy sang sank sapling sat saturday sauce saunter
    savage save saw sawyer say sayer scales scarf scarlet school scott scout scrivener sea seal seaman search season seat
    seed seek seller senior sense serene sergeant serve service set settle sewell sewer sexton shade shadow shaft shake
    shaker shakes shall shallow shame shamrock shape share shark sharp sharpe shaw shear shearer shed sheep sheepshanks
    shell shelter shepherd sheppard sheriff shield shift shine shiner ship shipman shire shirt shoe shoemaker shoot shop
    shore short shot show shower shrub shut sick side sign signs silence silk sill silver simple since sing singer single
    sink sir sister site six skate skater sketch skill skin skinner skip skipper sky slack slate slater slatter sleep sleeper
    sleet sleigh slide slim slip sloan slope slow small smart smile smiley smith smithy smoke smooth snail snake snap snare
    snell snow snowball snowdrop snowden so soap sober sock soft soldier sole solomon some somers son song soon soul sound
    soup south southern spade spark sparkes sparkle sparks sparrow spear speck speed speedy spell spence spencer spend
    spice spicer spider spike spill spin spindle spink spinner spire spirit splash spoon sport spot spray spring springer
    spruce spry spur square squire squirrel stable stack staff stag stage stain stair stake stale stamp stand standing
    stanley star stark starling start state statham stay steed steel steele steep steer steeple stem step stephens steward
    stewart stick still sting stock stocks stoke stone stones storey stork storm storms story stout straight strange
    stranger straw strawberry stream street stretch stride strong stuart stubbs study sturdy style such sugar summer summers
    sun sunday sunny sunshine supple sure surgeon swain swallow swan sweep sweeper sweet sweeting sweets swift swimmer
    swindle swing sword sycamore table tailor taint take tale talent tall tallow tame tan tangle tanner tansy tape tar
    tarn tart task taste tasker taverner tax tea teach teague teal team tear teasel teller temper temple ten tench tender
    tent term test thane thatch thatcher thaw the then there thick thin thing think thistle thorn thorne thorns three
    thresher thrift throne thrush thunder thursday thyme tick tickle tide tidy tie tiger tile tiler till tiller time timber
    times tinker tiny tip to toad toast today toddler toe told toll toller tom tong tongue too tool top topping torch tot
    touch tough tower towers town townsend toy trader trail train trainer trap travel travers treasure treat tree trees
    trench trial tribe trick trim trip trot trott trotter trout true trueman truelove truly trump trumper trust truth try
    tub tuck tucker tuesday tulip tumble tune turf turkey turn turner turnip turtle twelve twig twine twist tyne tyre under
    union unity up upright upton urn us usher vale valley van vane vanity veal venture vernon very vest vicar vice victor
    victory view vigour village vine violet virgin virtue voice wade waggoner wagon wait wake wakeful walk walker wall
    waller walls walnut wander want war ward warden ware warm warner warren was wash wasp watch water waterfall waterman
    waters watt watts wave waverley way weather weatherhead weaver web webb webster wedding wednesday weed week weigh weir
    welcome weld well weller wells welsh west western wet whale wharf wheat wheel wheeler wheelwright when where whip
    whisper whistle whistler white whitehead whitehouse whitelaw who whole whyte wick wide wife wigg wild wilde will willing
    willow wills win winch wind window winds wine wing winner winter winters wire wisdom wise wish wit with wolf wolfe
    woman wonder wong wood woodcock woodhouse woodland woodman woodpecker woods woodward wool woolf word wordsworth work
    worker workman world worm worth worthy wow wren wright write wrong yard yarrow yates year yellow yeoman yes yew yoke
    york young younger youth yule zeal zest
    """
)
"""Ordinary words. In small letters they are only that."""

CALENDAR: Final = _set(
    """january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday easter christmas noel lent advent spring summer autumn winter"""
)
"""Words with a capital, or without, on every second school post: a surname only beside a first name or a title."""

FIRST_NAMES: Final = _set(
    """
    aaliyah aaron abdul abdullah abel abigail abraham ada adam adams adrian agnes ahmad ahmed aidan aiden aisha alan albert
    alec alex alexander alexandra alexis alfie alfred ali alice alicia alina alison allan allen alma alvin amanda amani
    amara amber ambrose amelia amelie amina amir amos amy ana anastasia andre andrea andrew andy angela angus anil anita
    ann anna annabel anne annie anthony antonio anya arabella archer archie aria ariana arjun arlo arnold arthur arun asha
    asher ashley ashton asif athena aubrey audrey augustus aurora austin ava avery ayaan ayesha bailey barbara barnaby
    barney barry basil bea beatrice beau bella ben benedict benjamin bennett bernard bertie beth bethany betty beverley
    bilal billy blake bob bobby bonnie boris bradley brandon brenda brett brian bridget brody bruce bruno bryan bryn bryony
    byron caitlin caleb callum calvin cameron camilla carl carla carlos carmen carol caroline carter casey cassidy
    catherine cecil cecilia cedric celia chad charles charlie charlotte chelsea cheryl chester chloe chris christian
    christina christine christopher claire clara clark claude claudia clay clement clifford clive clyde cody colin connie
    connor conrad cora corey craig crispin curtis cyril cyrus daisy dale damian damien dan daniel danielle danny daphne
    darcy daria darren darryl david dawn dean deborah declan delilah denis dennis denzel derek desmond dexter diana diane
    dina dominic don donald donna donovan dora doreen doris dorothy douglas drew duncan dustin dwight dylan earl eddie eden
    edgar edith edmund edna edward edwin eileen elaine eleanor elena eli elias elijah elin eliot elise eliza elizabeth ella
    elle ellen elliot elliott ellis elodie eloise elsa elsie elton elvis emilia emily emma emmanuel emmett enid eric erica
    erin ernest esme esther ethan eugene eva evan evans eve evelyn evie ewan ezra faith farah fatima faye felicity felix
    fergus fern finlay finley finn fiona flora florence floyd flynn frances francesca francis frank frankie franklin fraser
    fred freddie frederick freya gabriel gabriella gail gareth garrett garry garth gary gavin gemma gene genevieve geoffrey
    george georgia georgina gerald gerard gideon gilbert giles gillian gina gladys glen glenn gloria glynn gordon grace
    graham grant gregory greta griffin guy gwen gwyn haider haley hamish hamza hana hannah hanna hari harley harold harriet
    harris harrison harry harvey hasan hassan hattie hayden hayley hazel heather hector heidi helen helena henry herbert
    herman holly honey hope horace howard hubert hudson hugh hughes hugo humphrey hunter hussain hussein iain ian ibrahim ida
    idris imogen imran ines ingrid iqbal ira irene iris irving isaac isabel isabella isabelle isha isiah isla ismail israel
    ivan ivor ivy jack jackson jacob jacqueline jade jaden jai jake jamal james jamie jan jane janet janice jared jasmine
    jason jasper javier jay jayden jean jeff jeffrey jem jemima jen jennifer jenny jeremiah jeremy jermaine jerome jerry jesse
    jessica jethro jill jim jimmy jo joan joanna joanne jodie joe joel johan john johnny jon jonah jonas jonathan jordan
    jose joseph josephine josh joshua josiah joy joyce juan jude judith julia julian julie juliet julius justin kai kamal
    kara kareem karen karl karla kate katherine kathleen katie kay kaya kayla keeley keira keith kelly kelvin ken kendall
    kendra kennedy kenneth kenny kent kerry kevin khadija khalid khan kian kieran kim kimberley kingsley kirk kirsty kit krish
    kristen kumar kurt kyla kyle kylie lacey laila lance lara laura lauren laurence lawrence lawson layla lea leah lee leila lena lenny
    leo leon leona leonard leonardo leroy lesley leslie levi lewis lexi liam lila lilian lily linda lindsay lionel lisa liz
    lloyd logan lois lola lorenzo lorna lorraine lottie louis louisa louise lowri luca lucas lucia lucian lucinda lucy luke
    luna luther lydia lyla lyle lynn lynne mabel mackenzie maddison madeleine madison maggie mahmood mahmoud maisie malachi malcolm
    malik manuel mara marc marcel marcia marco marcus margaret maria mariam marianne marie marilyn marina mario marion
    marjorie mark marlene marlon marshall martha martin martina marvin mary maryam mason matilda matthew matthews maureen maurice
    max maximilian maxine maxwell maya megan mehmet melanie melissa melvin mercy meredith merlin mia michael michaels michelle miguel mila
    mildred miles milly milo milton mina miranda miriam mitchell moe mohamed mohammad mohammed moira mollie molly mona monica
    monty morgan morris moses muhammad muriel murray musa mustafa myles myra nadia nadine naomi nasir natalia natalie natasha
    nathan nathaniel neil nell nelson neville niall nicholas nick nicola nicole nigel nikita nina noah noel nolan nora norma
    norman norris nova olga oliver olivia olivier ollie omar oona ophelia oscar osman oswald otis otto owen pablo paige pamela parker
    pat patience patricia patrick paul paula pauline pearl pedro peggy penelope penny percy perry pete peter petra phil philip philippa phillip
    phillips phoebe phyllis pierce pierre pippa polly poppy preston priscilla priya quentin quincy quinn rachel rae rafael raheem rahim rahman rajesh
    ralph ramon ramsay randall raphael rashid raul ravi ray raymond rebecca reece reed reggie reginald rehman reid remi renee reuben rex rhiannon
    rhys ria ricardo rich richard richards richie ricky riley rio rita river rob robert roberta roberto roberts robin robyn rochelle rocco roderick rodney
    roger rogers roland roman ronald ronan ronnie rory rosa rosalie rosalind rosanna rose rosemary rosie ross rowan rowena roy ruby rudy rufus rupert
    russell ruth ryan saad sabrina sadie saffron sally salma salman sam sami samira samson samuel samuels sandra sanjay santiago sara sarah sasha saul savannah scarlett scott sean sebastian selena
    selina serena seth shane shania shannon sharon shaun shauna shaw sheila shelby sheldon shelley sheridan sherman sheryl shirley sian sid sidney sienna silas simon simone singh skye sofia solomon
    sonia sophia sophie spencer stacey stan stanley stella stephan stephanie stephen stephens steve steven stevens stewart stuart sue summer sunny susan susanna suzanne sybil sydney sylvia tabitha tamara tamsin tanya tara
    tariq tasha tatiana taylor ted teddy terence teresa terry tessa thea thelma theo theodore theresa thomas tia tilly tim timothy tina toby todd tom tomas tommy toni tony tracey tracy travis trent trevor
    tricia trinity tristan troy tucker tyler tyrone ursula usman valentina valentine valerie vance vanessa vera verity vernon veronica vicky victor victoria vijay vikram vincent viola violet virginia vivian
    wade wallace walter wanda warren wayne wendy wesley whitney wilbur wilf wilfred will william williams willow wilma winifred winston woody wyatt xander xavier yasmin yolanda yosef yuri yusuf yvette yvonne zac zach zachary zahra zain zainab
    zane zara zeke zelda zena zoe zola
    """
)
"""Usual first names: alone they are first names, whoever's surname they are as well."""

PLACES: Final = _set(
    """
    aberdeen acton alton andover appleby arundel ascot ashby ashford aston avon ayr bamford banbury bangor barking barnes barnet
    barnsley barton basildon bath battersea battle beckett bedford belfast benton berkeley berlin berwick beverley bexley bingley birmingham bishop blackburn
    blackpool blackwell bolton boston bournemouth bowes bradford braintree bramley brecon brent brentwood brighton bristol brixton bromley bromwich buckingham
    burgess burnley burton bury buxton caerphilly cambridge camden canterbury cardiff carlisle carlton carnaby carter cheddar chelmsford cheltenham chester chesterfield chichester china chiltern clapham
    clifton clyde cockermouth colchester compton conway cornwall coventry cowes cranford crawley crewe cromer croydon cumberland dalton darby darlington dartford dartmoor denby denton derby devon doncaster
    dorset dover down dudley dunstable durham ealing eastbourne eaton egypt ely england epsom essex eton everton exeter fairfax fareham farnham felixstowe fife fleet florence folkestone frome
    georgia glasgow gloucester gosport grantham greenwich grimsby guildford hackney hadley halifax hamilton hampton harlow harrogate harrow hartlepool hastings hatfield helmsley henley hereford hertford hexham hilton
    holborn holland hornby hornsea horsham houston hove huddersfield hull huntingdon hythe ilford ilkley ingleton inverness ipswich ireland jersey jordan keighley kelso kendal kent kenton keswick kettering kingston
    kirby kirkby lancaster langley leeds leicester leigh lewes lichfield lincoln lisbon litton liverpool london louth ludlow luton lynn lyndon lytham macclesfield maidstone maldon malton malvern manchester mansfield
    margate marlow marsden matlock melton merton middleton milan milford milton moffat monmouth morecambe morley naples nelson newark newbury newcastle newham newport newton norfolk northampton norton norwich nottingham nuneaton
    oakham oldham orkney oxford oxley paddington paisley paris pembroke penrith perth peterborough petersfield pickering plymouth poland pontefract poole portsmouth preston putney radcliffe radley ramsey ramsgate reading redcar
    redditch reigate retford richmond ripley ripon ripton rochdale rochester romford romsey rotherham royston rugby runcorn rutland ryde rye salford salisbury sandwich scarborough scotland selby settle sevenoaks shakespeare sheffield
    shelton shetland shipley shrewsbury sidmouth skipton sleaford slough snowdon solihull somerset southampton southend southport spain stafford staines stamford stanford sterling stevenage stirling stockport stockton stoke stratford stroud
    sudbury suffolk sunderland surrey sussex sutton swansea swindon tamworth taunton tavistock telford thames thetford tiverton tonbridge torquay totnes truro tudor tunbridge tyne ulverston upton uttoxeter wakefield
    wales wallasey walton wandsworth wareham warrington warwick washington watford wellington wells welwyn wembley wentworth wetherby weymouth whitby whitehaven whitley whitney whitstable wigan wimbledon winchester windermere windsor
    winslow wirral woking wolverhampton wootton worcester workington worthing yarmouth yeovil york
    """
)
"""Places that are on maps and on registers."""

FAMOUS: Final = _set(
    """
    aldrin anning archimedes armstrong attenborough austen bach banksy barnardo bartok beethoven bell bezos blyton bolt boudicca braille bronte brunel burningham byron carle carroll churchill columbus constable
    copernicus curie dahl darwin davinci dickens disney donaldson drake earhart edison einstein elgar ennis farah fawkes fleming franklin frank galilei galileo gandhi gaudi goodall handel hargreaves hawking hendrix
    hepworth hockney holst horowitz hughes jemison jenner johnson keats keller khalo kahlo kandinsky kane klee klimt lennon leonardo lewis lincoln lowry luther macarthur magritte mandela matisse mckee messi michelangelo mondrian monet
    morpurgo morris mozart nelson newton nightingale obama oliver owens pankhurst parks pasteur peake pele pepys picasso pollock potter presley pullman raleigh rashford ravel rembrandt ronaldo rosen rowling rousseau salah saka scott seacole
    seurat shackleton shakespeare simmonds stephenson strauss tchaikovsky tolkien tull turing turner vivaldi walliams warhol washington watt wellington wesley wicks wilberforce wilson wordsworth wren wright
    """
)
"""People of lessons and assemblies, whose surnames need more than themselves to be a pupil's."""

PUBLIC_PEOPLE: Final = frozenset(
    line.strip().replace(" ", "")
    for line in """
    roald dahl/julia donaldson/florence nightingale/mary seacole/neil armstrong/buzz aldrin/rosa parks/guy fawkes/martin luther king/walter tull/david walliams/michael morpurgo/isaac newton/tom moore/mary anning/amelia earhart/
    harry potter/peter pan/tracy beaker/horrid henry/joe wicks/marcus rashford/jacqueline wilson/quentin blake/michael rosen/anthony browne/eric carle/malorie blackman/philip pullman/enid blyton/lewis carroll/charles dickens/
    william shakespeare/jane austen/emily bronte/charlotte bronte/anne frank/charles darwin/albert einstein/marie curie/tim peake/helen sharman/mae jemison/katherine johnson/grace darling/grace hopper/ada lovelace/alan turing/stephen hawking/
    david attenborough/jane goodall/steve irwin/bear grylls/lewis hamilton/jessica ennis/mo farah/usain bolt/harry kane/bukayo saka/leah williamson/beth mead/chloe kelly/emma raducanu/andy murray/tom daley/greta thunberg/malala yousafzai/
    nelson mandela/winston churchill/emmeline pankhurst/isambard brunel/robert scott/ernest shackleton/francis drake/walter raleigh/christopher columbus/christopher wren/samuel pepys/thomas edison/george stephenson/alexander bell/
    alexander fleming/louis braille/edward jenner/elizabeth fry/mary shelley/beatrix potter/oliver twist/james bond/mary berry/paul hollywood/jamie oliver/harry hill/harry styles/ed sheeran/elton john/john lennon/paul mccartney/george harrison/
    ringo starr/taylor swift/andy warhol/frida kahlo/david hockney/barbara hepworth/henry moore/william morris/william turner/john constable/thomas gainsborough/george seurat/andy goldsworthy/jackson pollock/claude monet/pablo picasso/
    joseph turner/henri matisse/henri rousseau/paul klee/gustav klimt/william wordsworth/john keats/ted hughes/benjamin zephaniah/joseph coelho/alfred noyes/robert stevenson/rudyard kipling/cs lewis/jrr tolkien/jk rowling/dick king smith/
    dick whittington/robin hood/mary poppins/fantastic mr fox/maid marian/willy wonka/charlie bucket/james trotter/bruce bogtrotter/matilda wormwood/peter rabbit/paddington brown/charlie brown/buzz lightyear/king john/king charles/prince george/
    rosie revere/nell gwynn/thomas becket/anne boleyn/jane seymour/catherine parr/catherine howard/lady jane grey/henry tudor/barack obama/martin king/abraham lincoln/george washington/charlie chaplin/walt disney/sally ride/yuri gagarin
    """.replace("\n", "").split("/")
    if line.strip()
)
"""First names and surnames, run together, of people everybody may name in full."""

AFTER_PLACES: Final = _set(
    """street road lane avenue close drive way hill park farm house hall church school academy class classes team teams group
    groups table room library centre center museum gallery castle cathedral minster abbey station hospital garden gardens cottage
    wood woods field fields forest bridge university college nursery county city town united rovers wanderers athletic albion
    fc afc rfc cc theatre zoo beach pier lake river valley bay island market place square court estate mill lodge trust
    foundation bank award cup trophy shield league stadium ground pitch arena flag card kite path meadow moor common green
    pond village parish infant infants junior juniors primary secondary high grammar preschool pre bear monster eggs day days week
    month term half week's fayre fair fete dinosaur tank kingdom palace tower towers gate hotel arms head inn line express airport
    bowl bake off studio studios band choir club crew squad houses house's points bus coach paper pen ink paint"""
)
"""What makes a place, a group or a thing of the word before it."""

BEFORE_PLACES: Final = _set("in at to from near around via visiting visit visited through towards outside of")
BEFORE_SAINTS: Final = _set("st saint king queen prince princess sir lady lord duke duchess emperor pope empress santa san")
TITLES: Final = _set("mr mrs ms mx dr prof professor miss master mister missus teacher coach madam rev reverend revd sensei")
DETERMINERS: Final = _set("the a an our their his her its this that these those some any every each my your no more of")
PARTICLES: Final = _set(
    """de da di do dos das del della den der du el al la le van von vander ter ten te bin binti binte ibn abu ap ab mac mc o d st
    saint san bar ben y e i af av zu zum zur und and the ul ur ud uz"""
)
"""Small parts of surnames that name nobody by themselves."""

FILLERS: Final = _set(
    """family fam team class year well done go goal star of the and mr mrs miss ms photo img image pic dsc week pupil school
    happy birthday twins kids sisters brothers"""
)
