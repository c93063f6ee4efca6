// SPDX-License-Identifier: BSD-2-Clause
// A driver that breaks every rule of virtIO, from a seed, and now and then a good one that checks
// that the devices still do what they should. Words of its command line, or of the first sector of
// its disk, where that begins with "orders: ":
//     seed=N       what chance begins with (1)
//     requests=N   how many requests to make (20000)
// At the end it prints what became of each kind of attack, and "hostile: end" when all went well.
#include "guest/words.hpp"
#include "scene.hpp"
#include "scribble.hpp"
#include "voice.hpp"

#include "guest/console.hpp"
#include "guest/cpu.hpp"
#include "guest/main.hpp"

#include <algorithm>
#include <array>

namespace {

using namespace hostile;
using guest::print;
using guest::Register;
using guest::wait_until;

constexpr std::uint64_t k_arena_size  = 1 << 20;
constexpr std::uint64_t k_arena_rings = 0x4000;
constexpr std::uint64_t k_check_size  = 64 * 1024;

/// A size that another CPU changes may lead beyond the end, where nothing of the program must be.
constexpr std::uint64_t k_beyond = 5 << 20;

alignas(4096) constinit std::array<std::byte, k_arena_size + k_beyond> arena{};
alignas(4096) constinit std::array<std::byte, k_check_size> checked{};

/// The whole of it.
class Run {
public:
    Run(const guest::Platform& platform, std::uint64_t seed, std::uint64_t requests)
        : random_{seed}
        , seed_{seed}
        , goal_{requests}
        , windows_{guest::find_windows(platform.device_tree)}
        , memory_{.start = platform.memory[0].start,
                  .end   = platform.memory[0].start + platform.memory[0].size,
                  .arena = reinterpret_cast<std::uint64_t>(arena.data()),
                  .size  = k_arena_size}
    {
        const auto* const console =
            std::ranges::find(windows_, guest::Type::console, &Window::type);
        guest::set_voice(platform, console != windows_.end() ? console : nullptr,
                         {reinterpret_cast<std::uint64_t>(checked.data()), checked.size()});
        others_ = prepare_scribblers(platform, memory_, seed);
    }

    void begin();
    void attack();
    void scribbled_round();
    void check_all();
    void report();

    [[nodiscard]] bool is_done() const { return requests_ >= goal_ || wrongs_ >= k_enough; }

private:
    static constexpr unsigned k_enough = 20; // wrong answers, to be told of

    bool bring_up(Scene& scene, std::uint64_t features);
    void attack(Scene& scene);
    bool observe(Attack& attack, Scene& scene, Expect expected);
    void wrong(const Window& window, const char* attack, const char* what);

    Random         random_;
    std::uint64_t  seed_;
    std::uint64_t  goal_;
    guest::Windows windows_;
    Memory         memory_;
    unsigned       others_   = 0;
    std::uint64_t  attacks_  = 0;
    std::uint64_t  requests_ = 0;
    std::uint64_t  checks_   = 0;
    std::uint64_t  rounds_   = 0; ///< with scribbling
    std::uint64_t  told_     = 0;
    unsigned       wrongs_   = 0;
};

void Run::wrong(const Window& window, const char* attack, const char* what)
{
    print("\nhostile: WRONG: ", guest::name_of(window.type), ", ", attack, ": ", what, " (attack ",
          attacks_, ", seed ", seed_, ", features ", base::Hex{Driver{window}.offered()}, ")\n");
    ++wrongs_;
    (void)guest::say();
}

void Run::begin()
{
    print("\nhostile: seed ", seed_, ", ", goal_, " requests, ", others_, " more CPUs; devices:");
    for (const auto& window : windows_) {
        print(" ", guest::name_of(window.type));
    }
    print("\n");
    (void)guest::say();
}

/// Up to DRIVER_OK, with one queue.
bool Run::bring_up(Scene& scene, std::uint64_t features)
{
    if (!scene.driver.begin(guest::sensible(scene.type(), features))) {
        return false;
    }
    const auto size = static_cast<std::uint16_t>(4U << random_.below(5));
    scene.ring = scene.driver.add_queue(scene.queue, size, scene.scratch.take(Ring::bytes(size)));
    return scene.ring != nullptr && scene.driver.start();
}

std::uint32_t pick_queue(Random& random, std::uint32_t type)
{
    switch (type) {
    case guest::Type::network:
        return static_cast<std::uint32_t>(random.one_in(4) ? 0 : random.between(1, 2));
    case guest::Type::console:
        return static_cast<std::uint32_t>(random.one_in(3) ? random.below(4)
                                                           : 1 + 2 * random.below(2));
    case guest::Type::block:
        return static_cast<std::uint32_t>(random.one_in(2) ? random.below(4) : 0);
    default:
        return 0;
    }
}

/// What a queue needs to be there.
std::uint64_t needed(std::uint32_t type, std::uint32_t queue)
{
    if (type == guest::Type::network && queue == 2) {
        return guest::feature::k_ctrl_vq;
    }
    if (type == guest::Type::block && queue > 0) {
        return guest::feature::k_mq;
    }
    return type == guest::Type::console && queue > 1 ? guest::feature::k_multiport : 0;
}

/// One that makes sense for the type; only such as a device lives through if that is wanted.
Attack& pick_attack(Random& random, std::uint32_t type, bool goes_on)
{
    const auto queue = queue_attacks(), setting = setting_attacks(), request = request_attacks();
    for (;;) {
        auto       index = random.below(2 * queue.size() + setting.size() + 2 * request.size());
        const auto all   = index < 2 * queue.size()                        ? queue
                           : index < 2 * queue.size() + 2 * request.size() ? request
                                                                           : setting;
        Attack&    it    = all[index % all.size()];
        if ((it.types == 0 || (it.types & only(type)) != 0) &&
            (!goes_on || it.then == Then::goes_on)) {
            return it;
        }
    }
}

/// A few attacks on one device.
void Run::attack()
{
    const Window& window = windows_[random_.below(windows_.size())];
    Driver        driver{window};
    Scene         scene{.random  = random_,
                        .memory  = memory_,
                        .driver  = driver,
                        .queue   = pick_queue(random_, window.type),
                        .scratch = {memory_.arena, memory_.size}};
    const auto    needs = needed(window.type, scene.queue);
    if (!bring_up(scene, random_.next() | needs)) {
        if ((driver.offered() & needs) == needs) {
            wrong(window, "bring-up", "the device does not start");
        }
        return;
    }
    attack(scene);
    // Whatever still comes must not find the queue: other devices get its memory.
    if (!driver.reset()) {
        wrong(window, "the end", "a reset does not end");
    }
}

/// Some that a device lives through, then one of any kind.
void Run::attack(Scene& scene)
{
    constexpr unsigned k_most = 16;
    for (auto more = scene.is_eager() ? random_.below(k_most) : 0;; --more) {
        Attack& it    = pick_attack(random_, scene.type(), more != 0);
        scene.scratch = {memory_.arena + k_arena_rings, memory_.size - k_arena_rings};
        ++attacks_;
        const auto expected = it.run(scene);
        requests_ += scene.requests;
        scene.requests = 0;
        if (scene.wrong != nullptr) {
            ++it.failures;
            wrong(scene.driver.window(), it.name, scene.wrong);
            return;
        }
        if (!observe(it, scene, expected) || more == 0) {
            return;
        }
    }
}

/// Waits for what must come, and counts what came. Whether the device goes on.
bool Run::observe(Attack& it, Scene& scene, Expect expected)
{
    bool       reset = false, answered = false;
    const auto look = [&] {
        answered = scene.ring != nullptr && scene.ring->has_used();
        return answered;
    };
    if (expected == Expect::anything) {
        look();
        reset = !answered && scene.driver.needs_reset();
    } else {
        unsigned looks = 0;
        (void)wait_until([&] {
            constexpr unsigned k_seldom = 1024; // each look at the status costs an exit
            reset                       = looks++ % k_seldom == 0 && scene.driver.needs_reset();
            return reset || look();
        });
    }
    ++(reset ? it.resets : answered ? it.answers : it.neither);
    requests_ += reset || answered ? 1 : 0;
    if ((expected == Expect::reset && !reset) || (expected == Expect::answer && !answered) ||
        (expected == Expect::either && !reset && !answered)) {
        ++it.failures;
        wrong(scene.driver.window(), it.name,
              reset      ? "it says that it needs a reset"
              : answered ? "it was answered"
                         : "nothing came of it");
        return false;
    }
    std::uint32_t written = 0;
    std::uint16_t head    = 0;
    return answered && scene.ring->take(written, head);
}

/// Requests of all kinds while other CPUs change the memory they lie in. Nothing can be expected of
/// the answers.
void Run::scribbled_round()
{
    if (others_ == 0) {
        return;
    }
    ++rounds_;
    start_scribbling();
    for (unsigned i = 0; i < 16; ++i) {
        const Window& window = windows_[random_.below(windows_.size())];
        Driver        driver{window};
        Scene         scene{.random  = random_,
                            .memory  = memory_,
                            .driver  = driver,
                            .queue   = pick_queue(random_, window.type),
                            .scratch = {memory_.arena, memory_.size}};
        // It does not start where the ring was changed before DRIVER_OK.
        const bool started = bring_up(scene, random_.next() | needed(window.type, scene.queue));
        for (unsigned more = 0; started && more < 16; ++more) {
            if (scene.type() == guest::Type::console && scene.queue == 1 && more > 2) {
                break; // what it prints is rubbish enough
            }
            scene.go(scene.place(scene.good_request()));
            scene.scratch = Scratch{memory_.arena + k_arena_rings, memory_.size - k_arena_rings};
        }
        if (!driver.reset()) {
            wrong(window, "other CPUs", "a reset does not end");
        }
    }
    stop_scribbling();
}

void Run::check_all()
{
    for (const auto& window : windows_) {
        const Scratch memory{reinterpret_cast<std::uint64_t>(checked.data()), checked.size()};
        // Everything that is offered, or by chance.
        const auto features = random_.one_in(2) ? ~std::uint64_t{0} : random_.next();
        if (const auto what = guest::check(window, features, random_, memory, 0)) {
            wrong(window, "a good driver", what);
        }
        ++checks_;
    }
    if (requests_ / 10'000 != told_) {
        told_ = requests_ / 10'000;
        print("\nhostile: ", requests_, " requests\n");
        (void)guest::say();
    }
}

void Run::report()
{
    print("\n");
    for (const auto all : {queue_attacks(), setting_attacks(), request_attacks()}) {
        for (const auto& it : all) {
            print("hostile: ", it.name, ": ", it.resets, " resets, ", it.answers, " answers, ",
                  it.neither, " neither\n");
        }
    }
    print("hostile: ", attacks_, " attacks, ", requests_, " requests, ", rounds_,
          " rounds with other CPUs (", scribbled(), " words changed), ", checks_, " checks\n");
    print(wrongs_ == 0 ? "hostile: end\n" : "hostile: FAILED\n");
    (void)guest::say();
}

std::uint64_t option(std::string_view arguments, std::string_view name, std::uint64_t otherwise)
{
    while (!arguments.empty()) {
        auto       value = guest::next_part(arguments, ' ');
        const auto key   = guest::next_part(value, '=');
        if (key == name) {
            return guest::number(value).value_or(otherwise);
        }
    }
    return otherwise;
}

/// What the first sector of the disk says, if it is meant for us; else `otherwise`.
std::string_view orders(const guest::Platform& platform, std::string_view otherwise)
{
    static constinit std::array<char, 512> text{};
    constexpr std::string_view             k_begin = "orders: ";
    const auto                             windows = guest::find_windows(platform.device_tree);
    const auto* const disk = std::ranges::find(windows, guest::Type::block, &Window::type);
    if (disk == windows.end()) {
        return otherwise;
    }
    Scratch memory{reinterpret_cast<std::uint64_t>(checked.data()), checked.size()};
    Driver  driver{*disk};
    if (!driver.begin(0) || driver.add_queue(0, 8, memory.take(Ring::bytes(8))) == nullptr ||
        !driver.start()) {
        return otherwise;
    }
    const auto header = memory.take(16); // all zero: a read of sector 0
    const auto data   = memory.take(text.size());
    guest::fill(header, 16, 0);
    const std::array<Piece, 3> pieces{
        {{header, 16, false}, {data, text.size(), true}, {memory.take(1), 1, true}}};
    if (!driver.request(0, pieces) || !driver.reset()) {
        return otherwise;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        text[i] = static_cast<char>(guest::bytes_at(data)[i]);
    }
    std::string_view all{text.data(), text.size()};
    auto             line = guest::next_part(all, '\n');
    if (!line.starts_with(k_begin)) {
        return otherwise;
    }
    line.remove_prefix(k_begin.size());
    return line;
}

} // namespace

void guest::run(const Platform& platform)
{
    const auto words = orders(platform, platform.bootargs);
    Run        it{platform, option(words, "seed", 1), option(words, "requests", 20'000)};
    it.begin();
    for (unsigned round = 0; !it.is_done(); ++round) {
        constexpr unsigned k_sessions_a_check = 128, k_scribbling = 512;
        if (round % k_sessions_a_check == 0) {
            it.check_all();
        }
        if (round % k_scribbling == 0) {
            it.scribbled_round();
        }
        it.attack();
    }
    it.check_all();
    it.report();
}
