// SPDX-License-Identifier: BSD-2-Clause
// Guests' consoles, and a program that may stop listening, on one UART; and somebody who types.
#include "component.hpp"
#include "console_guest.hpp"
#include "hardware.hpp"
#include "uart.hpp"
#include "world.hpp"

#include "backend/serial_port.hpp"
#include "kit/sddf_links.hpp"

#include <algorithm>
#include <deque>
#include <optional>

namespace simulation {

namespace {

using namespace sddf::serial;

constexpr std::uintptr_t   k_registers  = 0x10000;
constexpr unsigned         k_irq        = 10;
constexpr char             k_switch     = 28;
constexpr char             k_terminator = 13;
constexpr std::string_view k_begin      = "<->";

template <class Config>
Config& config_of(Component& component)
{
    auto& config = component.object<Config>("serial_config");
    config.magic = sddf::magic_of(sddf::Class::serial);
    return config;
}

/// A client of both virtualisers. Its channels are 2n for input and 2n + 1 for output.
struct Client {
    Client(std::size_t in, std::size_t out)
        : rx{in}
        , tx{out}
    {
    }
    kit::SerialLink rx;
    kit::SerialLink tx;
    Input           input{};
    Output          output{};
};

struct ConsoleVmm {
    explicit ConsoleVmm(unsigned number)
        : vmm{"vmm" + std::to_string(number), 20, std::size_t{1} << 16}
    {
    }
    Vmm                             vmm;
    std::deque<Bell>                bells;
    std::deque<backend::SerialPort> backends;
    std::vector<unsigned>           clients;
    virtio::Console::Storage<1>     one;
    virtio::Console::Storage<2>     two;
    std::optional<virtio::Console>  device;
    std::optional<ConsoleGuest>     guest;
};

class SerialWorld final : public World {
public:
    SerialWorld();
    std::string verdict() override;

private:
    void set_up_driver();
    void set_up_virtualisers();
    void set_up_guest(ConsoleVmm& it);
    void add_client(Domain& domain, unsigned port);
    bool are_counted();
    void type();
    void print(char letter);

    Scheduler&                               scheduler_ = Scheduler::current();
    Random&                                  random_    = scheduler_.random;
    bool                                     colours_   = random_.one_in(2);
    Component                                driver_{"serial_pl011", 60};
    Component                                tx_{"serial_virt_tx", 50};
    Component                                rx_{"serial_virt_rx", 50};
    IrqLine                                  irq_{driver_, k_irq};
    Uart                                     uart_{irq_, k_registers};
    kit::SerialLink                          to_driver_{64U << random_.below(3)};
    kit::SerialLink                          from_driver_{16U << random_.below(3)};
    std::deque<Client>                       clients_;
    std::vector<std::unique_ptr<ConsoleVmm>> vmms_;
    Domain                                   silent_{}; ///< a client that does nothing at all
    std::deque<char>                         typed_;    ///< and not yet in the UART
    unsigned                                 target_ = 0;
    std::string                              escape_; ///< of the output, not complete
    unsigned                                 colour_ = ~0U;
};

SerialWorld::SerialWorld()
{
    silent_.name    = "silent client";
    const auto many = 1 + random_.below(2);
    for (unsigned i = 0; i < many; ++i) {
        auto& it = *vmms_.emplace_back(std::make_unique<ConsoleVmm>(i));
        for (unsigned port = 0; port < 1 + random_.below(2); ++port) {
            it.clients.push_back(static_cast<unsigned>(clients_.size()));
            add_client(it.vmm, port);
        }
    }
    add_client(silent_, 0);
    clients_.back().input.is_heard = true; // as far as who types knows
    clients_.back().input.may_lose = true;
    set_up_driver();
    set_up_virtualisers();
    for (auto& it : vmms_) {
        set_up_guest(*it);
    }
    driver_.start([this] { return are_counted(); });
    tx_.start();
    rx_.start();
}

void SerialWorld::add_client(Domain& domain, unsigned port)
{
    const auto number    = static_cast<unsigned>(clients_.size());
    auto&      it        = clients_.emplace_back(8U << random_.below(4), 8U << random_.below(5));
    it.input.text.client = it.output.text.client = number;
    it.input.wanted                              = random_.below(60);
    it.input.window                              = it.rx.data.region().size / 2;
    it.output.wanted = domain.name == silent_.name ? 0 : random_.below(300);
    connect(rx_, 1 + number, domain, 2 * port);
    connect(tx_, 1 + number, domain, 2 * port + 1);
}

void SerialWorld::set_up_driver()
{
    auto& resources       = driver_.object<sddf::DeviceResources>("device_resources");
    resources.magic       = sddf::magic_of(sddf::Class::device_resources);
    resources.num_regions = 1;
    resources.num_irqs    = 1;
    resources.regions[0]  = {{k_registers, Bus::k_size}, 0};
    resources.irqs[0]     = k_irq;
    auto& config          = config_of<DriverConfig>(driver_);
    config.rx             = from_driver_.connection(0);
    config.tx             = to_driver_.connection(1);
    config.rx_enabled     = true;
    connect(driver_, 0, rx_, 0);
    connect(driver_, 1, tx_, 0);
    scheduler_.add_hardware(
        "the UART sends", [this] { return uart_.can_send(); },
        [this] {
            for (unsigned many = 1 + random_.below(16); many != 0 && uart_.can_send(); --many) {
                print(uart_.send());
            }
        });
    scheduler_.add_hardware(
        "the UART receives",
        [this] {
            return uart_.has_room() &&
                   (!typed_.empty() ||
                    std::ranges::any_of(clients_, &Input::can_type, &Client::input));
        },
        [this] {
            if (typed_.empty()) {
                type();
            }
            for (unsigned many = 1 + random_.below(8);
                 many != 0 && !typed_.empty() && uart_.has_room(); --many) {
                uart_.receive(typed_.front());
                typed_.pop_front();
            }
        });
    scheduler_.add_hardware(
        "the UART has waited", [this] { return uart_.can_time_out(); },
        [this] { uart_.time_out(); });
    scheduler_.at_rest([this] {
        return std::ranges::count_if(clients_, [](auto& it) { return it.input.give_up(); }) != 0;
    });
}

void SerialWorld::set_up_virtualisers()
{
    auto& tx         = config_of<TxVirtConfig>(tx_);
    auto& rx         = config_of<RxVirtConfig>(rx_);
    tx.driver        = to_driver_.connection(0);
    rx.driver        = from_driver_.connection(0);
    tx.num_clients   = static_cast<std::uint8_t>(clients_.size());
    rx.num_clients   = tx.num_clients;
    tx.enable_colour = colours_;
    tx.enable_rx     = true;
    std::ranges::copy(k_begin, tx.begin_str.begin());
    rx.switch_char        = k_switch;
    rx.terminate_num_char = k_terminator;
    for (std::uint8_t i = 0; i < clients_.size(); ++i) {
        const auto channel       = static_cast<std::uint8_t>(1 + i);
        tx.clients[i].connection = clients_[i].tx.connection(channel);
        rx.clients[i]            = clients_[i].rx.connection(channel);
    }
}

void SerialWorld::set_up_guest(ConsoleVmm& it)
{
    for (unsigned port = 0; port < it.clients.size(); ++port) {
        auto& receive  = it.bells.emplace_back(it.vmm, 2 * port);
        auto& transmit = it.bells.emplace_back(it.vmm, 2 * port + 1);
        it.backends.emplace_back(transmit, receive);
    }
    ConsoleGuest::Options options{.multiport = it.clients.size() > 1,
                                  .resets    = random_.one_in(4) ? 1U : 0U,
                                  .lines     = colours_,
                                  .features  = random_.next()};
    if (random_.one_in(6)) {
        options.stops_at = random_.below(20);
    }
    std::vector<ConsoleGuest::Port> ports;
    for (const auto client : it.clients) {
        auto& its          = clients_[client];
        its.input.may_lose = options.stops_at != ~0U || options.resets != 0;
        ports.push_back({&its.output, &its.input});
    }
    for (unsigned port = 0; port < it.clients.size(); ++port) {
        auto& consoles = it.clients.size() > 1 ? it.two.ports[port] : it.one.ports[port];
        consoles.what  = {.backend = &it.backends[port], .name = "port", .is_console = port == 0};
    }
    if (it.clients.size() > 1) {
        it.device.emplace(it.two);
    } else {
        it.device.emplace(it.one);
    }
    it.guest.emplace(it.vmm, *it.device, options, ports);
    it.vmm.start(
        [this, &it] {
            for (unsigned port = 0; port < it.clients.size(); ++port) {
                auto&              its = clients_[it.clients[port]];
                const ClientConfig config{
                    .magic = sddf::magic_of(sddf::Class::serial),
                    .rx    = its.rx.connection(static_cast<std::uint8_t>(2 * port)),
                    .tx    = its.tx.connection(static_cast<std::uint8_t>(2 * port + 1))};
                if (const auto opened = it.backends[port].open(config); !opened) {
                    throw std::logic_error{std::string{opened.error().what}};
                }
            }
        },
        [&it](unsigned channel) {
            if (channel % 2 == 0) {
                it.device->input_ready(channel / 2);
            } else {
                it.device->output_ready(channel / 2);
            }
        });
    it.guest->start();
}

/// Whether the driver's counters say what the UART has got and given. Between a byte and its
/// counter a restart loses the byte: nobody can tell afterwards, so there is none in this place.
bool SerialWorld::are_counted()
{
    scheduler_.flush(driver_);
    return to_driver_.control().head == uart_.written() &&
           from_driver_.control().tail == uart_.taken();
}

/// Somebody types for one of the clients.
void SerialWorld::type()
{
    const auto count = static_cast<unsigned>(clients_.size());
    unsigned   next  = random_.below(count);
    while (!clients_[next].input.can_type()) {
        next = (next + 1) % count;
    }
    if (next != target_) {
        target_ = next;
        typed_.push_back(k_switch);
        typed_.push_back(static_cast<char>('0' + next));
        typed_.push_back(k_terminator);
    }
    auto& input = clients_[next].input;
    for (unsigned many = 1 + random_.below(10); many != 0 && input.can_type(); --many) {
        typed_.push_back(input.text.at(input.typed));
        ++input.typed;
    }
}

/// A character leaves the UART: whose is it?
void SerialWorld::print(char letter)
{
    if (letter == '\x1b' || !escape_.empty()) {
        escape_.push_back(letter);
        if (letter == 'm') {
            colour_ = escape_ == "\x1b[0m" ? ~0U : static_cast<unsigned>(escape_.at(3) - '1');
            escape_.clear();
        }
        return;
    }
    if (letter == '\n' || k_begin.contains(letter)) {
        return;
    }
    const auto owner = std::ranges::find_if(
        clients_, [&](const Client& it) { return it.output.text.owns(letter); });
    const bool known = owner != clients_.end();
    if (!known || (colours_ && colour_ != owner->output.text.client)) {
        scheduler_.fail("a character came out that nobody has written, or in another's colour");
    } else if (auto wrong = owner->output.arrive(letter); !wrong.empty()) {
        scheduler_.fail(wrong);
    }
}

std::string SerialWorld::verdict()
{
    for (const auto& it : vmms_) {
        if (auto missing = it->guest->unfinished(); !missing.empty()) {
            return missing;
        }
    }
    return {};
}

} // namespace

std::unique_ptr<World> make_serial_world() { return std::make_unique<SerialWorld>(); }

} // namespace simulation
