// SPDX-License-Identifier: BSD-2-Clause
// Who runs when.
#include "scheduler.hpp"

#include "memory.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>

namespace simulation {

namespace {

constexpr std::size_t k_stack_bytes = 128 * 1024;
/// Decisions after which a run counts as one that goes on for ever.
constexpr unsigned k_most_decisions = 2'000'000;

/// Stacks are large: they are used again.
std::vector<std::unique_ptr<std::uint64_t[]>>& spare_stacks()
{
    static std::vector<std::unique_ptr<std::uint64_t[]>> stacks;
    return stacks;
}

std::unique_ptr<std::uint64_t[]> take_stack()
{
    auto& spare = spare_stacks();
    if (spare.empty()) {
        return std::make_unique<std::uint64_t[]>(k_stack_bytes / sizeof(std::uint64_t));
    }
    auto stack = std::move(spare.back());
    spare.pop_back();
    return stack;
}

} // namespace

Scheduler::Scheduler(std::uint64_t seed, const Mode& how, bool trace)
    : random{seed}
    , mode{how}
    , trace_{trace}
{
    current_ = this;
    count_down();
}

Scheduler::~Scheduler()
{
    for (auto& fiber : fibers_) {
        spare_stacks().push_back(std::move(fiber->stack));
    }
    current_ = nullptr;
}

void Scheduler::spawn(Domain& domain, std::function<void()> body)
{
    auto& fiber  = *fibers_.emplace_back(std::make_unique<Fiber>());
    fiber.domain = &domain;
    fiber.body   = std::move(body);
    fiber.stack  = take_stack();
    getcontext(&fiber.context);
    fiber.context.uc_stack = {.ss_sp = fiber.stack.get(), .ss_flags = 0, .ss_size = k_stack_bytes};
    fiber.context.uc_link  = &scheduler_;
    makecontext(&fiber.context, &Scheduler::enter, 0);
    if (std::find(domains_.begin(), domains_.end(), &domain) == domains_.end()) {
        domains_.push_back(&domain);
    }
}

void Scheduler::end(Domain& domain)
{
    for (auto& fiber : fibers_) {
        if (fiber->domain == &domain) {
            fiber->done = true;
        }
    }
    flush(domain);
    domain.deferred = {};
}

bool Scheduler::may_restart()
{
    if (!may_restart_ || restarts_ >= mode.restarts || !random.one_in(64)) {
        return false;
    }
    ++restarts_;
    return true;
}

void Scheduler::add_hardware(std::string name, std::function<bool()> can, std::function<void()> act)
{
    hardware_.push_back({std::move(name), std::move(can), std::move(act)});
}

void Scheduler::enter()
{
    Scheduler& self  = *current_;
    Fiber&     fiber = *self.fiber_;
    try {
        fiber.body();
    } catch (const std::exception& error) {
        self.fail(fiber.domain->name + ": " + error.what());
    }
    fiber.done = true;
}

bool Scheduler::can_run(const Fiber& fiber) const
{
    return !fiber.done && (!fiber.condition || fiber.condition());
}

/// Whose turn it is. Nobody: all wait.
Scheduler::Fiber* Scheduler::choose()
{
    able_.clear();
    unsigned highest = 0;
    for (const auto& fiber : fibers_) {
        if (can_run(*fiber)) {
            able_.push_back(fiber.get());
            highest = std::max(highest, fiber->domain->priority);
        }
    }
    if (mode.priorities) {
        std::erase_if(able_,
                      [&](const Fiber* fiber) { return fiber->domain->priority != highest; });
    }
    return able_.empty() ? nullptr : able_[random.below(able_.size())];
}

bool Scheduler::let_hardware_act()
{
    const auto first = hardware_.empty() ? 0 : random.below(hardware_.size());
    for (std::size_t i = 0; i < hardware_.size(); ++i) {
        auto& source = hardware_[(first + i) % hardware_.size()];
        if (source.can()) {
            trace("hardware: " + source.name);
            as_hardware(source.act);
            return true;
        }
    }
    return false;
}

void Scheduler::let_stores_be_seen()
{
    for (Domain* domain : domains_) {
        while (!domain->stores.empty() && random.one_in(mode.visibility)) {
            const auto store = domain->stores.front();
            domain->stores.pop_front();
            std::memcpy(store.at, &store.value, store.size);
        }
    }
}

bool Scheduler::step()
{
    let_stores_be_seen();
    if (mode.hardware != 0 && random.one_in(mode.hardware) && let_hardware_act()) {
        return true;
    }
    Fiber* const next = choose();
    if (next == nullptr) {
        return let_hardware_act() || (at_rest_ && at_rest_());
    }
    fiber_            = next;
    fiber_->condition = nullptr;
    swapcontext(&scheduler_, &fiber_->context);
    fiber_ = nullptr;
    return true;
}

bool Scheduler::run()
{
    for (unsigned decisions = 0; failure_.empty() && step(); ++decisions) {
        if (decisions == k_most_decisions) {
            fail("they go on for ever");
        }
    }
    return failure_.empty();
}

void Scheduler::wait(std::function<bool()> condition)
{
    fiber_->condition = std::move(condition);
    yield();
}

void Scheduler::yield() { swapcontext(&fiber_->context, &scheduler_); }

void Scheduler::count_down()
{
    countdown_ = mode.preemption == 0 ? ~0U : 1 + random.below(2ULL * mode.preemption);
}

void Scheduler::point()
{
    if (fiber_ == nullptr || in_hardware_ != 0) {
        return;
    }
    ++points;
    if (--countdown_ == 0) {
        count_down();
        yield();
    }
}

void Scheduler::become(Domain& other, const std::function<void()>& action)
{
    Domain* const self = fiber_->domain;
    flush(*self);
    fiber_->domain = &other;
    action();
    fiber_->domain = self;
}

void Scheduler::as_hardware(const std::function<void()>& action)
{
    ++in_hardware_;
    action();
    --in_hardware_;
}

void Scheduler::notify(Domain& from, unsigned channel)
{
    flush(from);
    const auto& wire = from.wires.at(channel);
    if (wire.to == nullptr) {
        fail(from.name + " notifies channel " + std::to_string(channel) + ", which it has not");
        return;
    }
    if (mode.lost != 0 && random.one_in(mode.lost)) {
        return;
    }
    trace(from.name + " notifies " + wire.to->name);
    interrupt(*wire.to, wire.there);
    if (fiber_ != nullptr && in_hardware_ == 0 && (mode.priorities || random.one_in(2))) {
        yield();
    }
}

void Scheduler::interrupt(Domain& to, unsigned channel) { to.badge |= std::uint64_t{1} << channel; }

void Scheduler::flush(Domain& domain)
{
    for (; !domain.stores.empty(); domain.stores.pop_front()) {
        const auto& store = domain.stores.front();
        std::memcpy(store.at, &store.value, store.size);
    }
}

void Scheduler::end_of_event(Domain& domain)
{
    using What          = Domain::Deferred::What;
    const auto deferred = domain.deferred;
    domain.deferred     = {};
    flush(domain);
    if (deferred.what == What::notify) {
        notify(domain, deferred.channel);
    } else if (deferred.what == What::acknowledge) {
        as_hardware(domain.wires.at(deferred.channel).acknowledge);
    }
}

void Scheduler::fail(const std::string& what)
{
    trace("FAILED: " + what);
    if (failure_.empty()) {
        failure_ = what;
    }
}

void Scheduler::trace(const std::string& what)
{
    if (trace_) {
        std::fprintf(stderr, "%10zu %s\n", points, what.c_str());
    }
}

std::uint64_t Scheduler::load(const void* at, unsigned size)
{
    point();
    if (fiber_ != nullptr && in_hardware_ == 0) {
        // A domain sees its own stores at once.
        const auto& stores = fiber_->domain->stores;
        for (auto store = stores.rbegin(); store != stores.rend(); ++store) {
            if (store->at == at) {
                return store->value;
            }
        }
    }
    std::uint64_t value = 0;
    std::memcpy(&value, at, size);
    return value;
}

void Scheduler::store(void* at, std::uint64_t value, unsigned size)
{
    if (fiber_ != nullptr && in_hardware_ == 0 && mode.late_stores) {
        fiber_->domain->stores.push_back({at, value, size});
    } else {
        std::memcpy(at, &value, size);
    }
    point();
}

void Scheduler::fence()
{
    if (fiber_ != nullptr && in_hardware_ == 0 && mode.fences) {
        flush(*fiber_->domain);
    }
    point();
}

std::uint64_t load(const void* at, unsigned size)
{
    if (Scheduler::exists()) {
        return Scheduler::current().load(at, size);
    }
    std::uint64_t value = 0;
    std::memcpy(&value, at, size);
    return value;
}

void store(void* at, std::uint64_t value, unsigned size)
{
    if (Scheduler::exists()) {
        Scheduler::current().store(at, value, size);
    } else {
        std::memcpy(at, &value, size);
    }
}

void fence()
{
    if (Scheduler::exists()) {
        Scheduler::current().fence();
    }
}

void point()
{
    if (Scheduler::exists()) {
        Scheduler::current().point();
    }
}

} // namespace simulation
