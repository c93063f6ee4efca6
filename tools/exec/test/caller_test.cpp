// SPDX-License-Identifier: BSD-2-Clause
// A caller and an agent at the two ends of a socket: commands, files, and ends of all kinds.
#include "agent.hpp"
#include "caller.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

namespace fs = std::filesystem;
using control::Kind;
using control::MessageWriter;
using control::Outcome;

std::string read_file(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// Serves one caller as it should.
void an_agent(int socket)
{
    control::SocketStream stream{socket};
    agent::serve(stream);
}

/// An agent that says this, whatever it is asked, and stays until the caller is gone.
template <class... Messages>
auto saying(Messages... messages)
{
    return [messages...](int socket) {
        control::SocketStream stream{socket};
        control::Conversation talk{stream};
        (void)(talk.send(MessageWriter{messages}) && ...);
        ::shutdown(socket, SHUT_WR);
        std::array<char, 4096> ignored{};
        while (::read(socket, ignored.data(), ignored.size()) > 0) {
        }
    };
}

class Exec : public testing::Test {
protected:
    Exec()
    {
        (void)std::signal(SIGPIPE, SIG_IGN); // as the agent's and the tool's main() do
        folder = fs::path(testing::TempDir()) /
                 ("exec-" + std::to_string(::getpid()) + "-" +
                  testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::create_directories(folder);
        (void)::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets);
        serve(an_agent);
    }
    ~Exec() override
    {
        ::close(sockets[0]);
        if (server.joinable()) {
            server.join();
        }
        fs::remove_all(folder);
    }

    /// Who answers at the other end; closes it when it is done.
    template <class Server>
    void serve(Server what)
    {
        if (server.joinable()) {
            ::close(sockets[0]);
            server.join();
            (void)::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets);
        }
        server = std::thread{[what, socket = sockets[1]] {
            what(socket);
            ::close(socket);
        }};
        stream.emplace(sockets[0]);
        caller.emplace(*stream);
    }

    /// Runs it; what it printed is in `output` and `errors`.
    Outcome run(std::vector<std::string_view> words, const std::string* input = nullptr)
    {
        int in = -1;
        if (input != nullptr) {
            std::ofstream(folder / "in", std::ios::binary) << *input;
            in = ::open((folder / "in").c_str(), O_RDONLY | O_CLOEXEC);
        }
        const int out  = ::open((folder / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        const int err  = ::open((folder / "err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        auto      ends = caller->run(words, {.input = in, .output = out, .errors = err});
        ::close(out);
        ::close(err);
        if (in >= 0) {
            ::close(in);
        }
        output = read_file(folder / "out");
        errors = read_file(folder / "err");
        return ends;
    }
    Outcome shell(const std::string& command, const std::string* input = nullptr)
    {
        return run({"sh", "-c", command}, input);
    }
    [[nodiscard]] std::string path(const char* name) const { return folder / name; }

    fs::path                             folder;
    int                                  sockets[2] = {-1, -1};
    std::thread                          server;
    std::optional<control::SocketStream> stream;
    std::optional<control::Caller>       caller;
    std::string                          output;
    std::string                          errors;
};

TEST_F(Exec, OutputErrorsAndExitCodeAreApart)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    const auto ends = shell("echo to you; echo to me >&2; exit 7");
    EXPECT_EQ(ends.kind, Outcome::Kind::ok);
    EXPECT_EQ(ends.code, 7);
    EXPECT_EQ(output, "to you\n");
    EXPECT_EQ(errors, "to me\n");
}

TEST_F(Exec, ArgumentsArriveAsTheyAre)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    EXPECT_EQ(run({"printf", "%s|", "two words", "", "$HOME", "a'b\"c\n"}).code, 0);
    EXPECT_EQ(output, "two words||$HOME|a'b\"c\n|");
}

TEST_F(Exec, SeveralRequestsInARow)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(shell("exit " + std::to_string(i)).code, i);
        EXPECT_EQ(run({"no-such-program"}).kind, Outcome::Kind::refused);
    }
}

TEST_F(Exec, InputReachesItsEnd)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
        text += std::to_string(i) + "\n";
    }
    EXPECT_EQ(run({"cat"}, &text).code, 0);
    EXPECT_EQ(output, text);
    // A command that does not want it.
    EXPECT_EQ(shell("exec <&-; echo done", &text).code, 0);
    EXPECT_EQ(output, "done\n");
    // And one that has none.
    EXPECT_EQ(run({"cat"}).code, 0);
    EXPECT_EQ(output, "");
    EXPECT_EQ(shell("wc -c", &text).code, 0);
    EXPECT_EQ(std::stoul(output), text.size());
}

TEST_F(Exec, MuchOutputArrives)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    EXPECT_EQ(shell("seq 300000; seq 100000 >&2").code, 0);
    EXPECT_EQ(output.size(), 1'988'895U);
    EXPECT_EQ(errors.size(), 588'895U);
}

TEST_F(Exec, ASignalIsACode)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    EXPECT_EQ(shell("kill -9 $$").code, 128 + 9);
}

TEST_F(Exec, OursReachesTheCommand)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    const volatile std::sig_atomic_t interrupted = SIGINT;
    caller->set_signal(&interrupted);
    EXPECT_EQ(shell("sleep 1000").code, 128 + SIGINT);
}

TEST_F(Exec, WhatCannotRunIsSaid)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    const auto missing = run({"no-such-program", "-x"});
    EXPECT_EQ(missing.kind, Outcome::Kind::refused);
    EXPECT_EQ(missing.code, ENOENT);
    EXPECT_STREQ(missing.text.data(), "cannot run no-such-program");
    EXPECT_EQ(run({"/etc/passwd"}).code, EACCES);
    EXPECT_EQ(run({std::string_view{"a\0b", 3}}).code, EINVAL);
    EXPECT_EQ(run({std::string(20'000, 'x')}).kind, Outcome::Kind::local) << "too long to be sent";
    EXPECT_EQ(run(std::vector<std::string_view>(2000, "x")).code, EINVAL) << "too many";
    EXPECT_EQ(shell("true").code, 0) << "and it goes on";
}

TEST_F(Exec, ItDoesNotWaitForWhatACommandLeavesBehind)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    EXPECT_EQ(shell("sleep 1000 & echo $!").code, 0);
    const auto sleeper = static_cast<pid_t>(std::stol(output));
    EXPECT_EQ(::kill(sleeper, SIGKILL), 0) << "it runs";
    EXPECT_EQ(shell("yes & echo $!").code, 0) << "though it writes for ever";
    (void)::kill(static_cast<pid_t>(std::stol(output)), SIGKILL);
}

TEST_F(Exec, TheEndOfTheCallerIsSeenByTheCommand)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    const auto    file = path("trapped");
    MessageWriter request{Kind::run};
    // Nobody reads its errors any more when it would say that `sleep` was hung up.
    request.u32(0).u32(3).string("sh").string("-c").string(
        "exec 2> /dev/null; trap 'echo gone > " + file +
        "; exit' HUP; echo up; while :; do sleep 0.05; done");
    control::Conversation talk{*stream};
    ASSERT_TRUE(talk.send(request));
    ASSERT_EQ(talk.wait()->kind, Kind::output);
    (void)::shutdown(sockets[0], SHUT_RDWR);
    server.join();
    while (read_file(file).empty()) {
        std::this_thread::yield();
    }
    EXPECT_EQ(read_file(file), "gone\n");
}

TEST_F(Exec, FilesGoBothWays)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    std::string content;
    for (unsigned i = 0; i < 300'000; ++i) {
        content += static_cast<char>(i * i >> 3);
    }
    std::ofstream(path("a"), std::ios::binary) << content;
    fs::permissions(path("a"), fs::perms{0741});
    ASSERT_EQ(caller->put(path("a").c_str(), path("b")).kind, Outcome::Kind::ok);
    EXPECT_EQ(read_file(path("b")), content);
    EXPECT_EQ(fs::status(path("b")).permissions(), fs::perms{0741});
    ASSERT_EQ(caller->get(path("b"), path("c").c_str(), content.size()).kind, Outcome::Kind::ok);
    EXPECT_EQ(read_file(path("c")), content);
    // An empty one, one whose size nobody knows, and one that is no file.
    std::ofstream(path("empty"));
    ASSERT_EQ(caller->put(path("empty").c_str(), path("b")).kind, Outcome::Kind::ok);
    EXPECT_EQ(fs::file_size(path("b")), 0U);
    ASSERT_EQ(caller->get("/proc/self/status", path("c").c_str(), 1 << 20).kind, Outcome::Kind::ok);
    EXPECT_TRUE(read_file(path("c")).starts_with("Name:"));
    EXPECT_EQ(caller->put(path("a").c_str(), "/dev/null").kind, Outcome::Kind::ok);
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(Exec, FilesThatCannotBe)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    std::ofstream(path("a"), std::ios::binary) << std::string(100'000, 'x');
    const auto no_folder = caller->put(path("a").c_str(), path("none/b"));
    EXPECT_EQ(no_folder.kind, Outcome::Kind::refused);
    EXPECT_EQ(no_folder.code, ENOENT);
    EXPECT_EQ(no_folder.text.data(), "cannot write " + path("none/b"));
    EXPECT_EQ(caller->put(path("none").c_str(), path("b")).kind, Outcome::Kind::local);
    EXPECT_EQ(caller->get(path("none"), path("c").c_str(), 1).code, ENOENT);
    EXPECT_EQ(caller->get(folder.string(), path("c").c_str(), 1).code, EISDIR);
    EXPECT_EQ(caller->get(path("a"), path("none/c").c_str(), 1 << 20).kind, Outcome::Kind::local);
    EXPECT_FALSE(fs::exists(path("c")));
}

TEST_F(Exec, AFileThatIsTooLargeIsNotTaken)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    std::ofstream(path("c"), std::ios::binary) << "as it was";
    const auto endless = caller->get("/dev/zero", path("c").c_str(), 1 << 20);
    EXPECT_EQ(endless.kind, Outcome::Kind::lost);
    EXPECT_STREQ(endless.text.data(), "the file is larger than was asked for");
    EXPECT_EQ(read_file(path("c")), "as it was");
    EXPECT_FALSE(fs::exists(path("c.part")));
}

TEST_F(Exec, ADeadlineIsKept)
{
    ASSERT_EQ(caller->greet().kind, Outcome::Kind::ok);
    caller->set_deadline(0);
    EXPECT_EQ(shell("sleep 1000").kind, Outcome::Kind::late);
}

// Agents that are not to be trusted.

TEST_F(Exec, AnAgentThatEndsIsNoSuccess)
{
    serve([](int) {});
    EXPECT_EQ(caller->greet().kind, Outcome::Kind::lost);
    EXPECT_STREQ(shell("true").text.data(), "the connection to the guest ended");
}

TEST_F(Exec, AnAgentThatTalksNonsenseIsLeft)
{
    for (const auto& answer : {
             std::string(100, '\xff'),
             std::string("\x04\0\0\0\x01\0\0\0\x02\0\0\0", 12), // another version
             std::string("\x04\0\0\0\x0d\0\0\0\x02\0\0\0", 12), // the end of what nobody asked for
             std::string("\0\0\0\0\x01\0\0\0", 8),              // a version without a number
         }) {
        serve([answer](int socket) { (void)!::write(socket, answer.data(), answer.size()); });
        EXPECT_EQ(caller->greet().kind, Outcome::Kind::lost);
    }
}

TEST_F(Exec, AnAgentCannotOverfillTheWindow)
{
    serve(saying(MessageWriter{Kind::taken}.u32(0xffff'ffff)));
    const std::string input(1'000'000, 'x');
    EXPECT_EQ(run({"cat"}, &input).kind, Outcome::Kind::lost);
}

TEST_F(Exec, WhatAnAgentSaysIsPrintable)
{
    serve(saying(MessageWriter{Kind::failed}.u32(1).string("\x1b[2J" + std::string(1000, 'x'))));
    const auto ends = run({"cat"});
    EXPECT_EQ(ends.kind, Outcome::Kind::refused);
    EXPECT_EQ(std::string(ends.text.data()).substr(0, 5), "?[2Jx");
    EXPECT_EQ(std::string(ends.text.data()).size(), ends.text.size() - 1);
}

TEST_F(Exec, AnExitWithoutACodeIsNoSuccess)
{
    serve(saying(MessageWriter{Kind::exited}));
    const auto ends = run({"true"});
    EXPECT_EQ(ends.kind, Outcome::Kind::lost);
    EXPECT_STREQ(ends.text.data(), "the agent does not keep to the protocol");
}

TEST_F(Exec, OutputWithoutEndIsNotKept)
{
    const std::string much(1000, 'x');
    serve(saying(MessageWriter{Kind::output}.raw(std::as_bytes(std::span{much})),
                 MessageWriter{Kind::errors}.raw(std::as_bytes(std::span{much})),
                 MessageWriter{Kind::exited}.u32(0)));
    const std::array<std::string_view, 1> words{"yes"};
    const int  out  = ::open(path("kept").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const auto ends = caller->run(words, {.input = -1, .output = out, .errors = out, .most = 1999});
    ::close(out);
    EXPECT_EQ(ends.kind, Outcome::Kind::lost);
    EXPECT_STREQ(ends.text.data(), "the command's output is larger than can be kept for --json");
    EXPECT_EQ(fs::file_size(path("kept")), 1000U);
}

TEST_F(Exec, AFileGoesWhereNoLinkLeads)
{
    std::ofstream(folder / "mine") << "mine";
    fs::create_symlink(path("mine"), path("new.part"));
    serve(saying(MessageWriter{Kind::file}.u32(0644), MessageWriter{Kind::data_end}.u64(0).u32(0)));
    EXPECT_EQ(caller->get("x", path("new").c_str(), 100).kind, Outcome::Kind::ok);
    EXPECT_EQ(read_file(path("mine")), "mine");
    EXPECT_FALSE(fs::is_symlink(path("new")));
}

TEST_F(Exec, AWrongChecksumIsSeen)
{
    serve(saying(MessageWriter{Kind::file}.u32(0644),
                 MessageWriter{Kind::data}.raw(std::as_bytes(std::span{"ab", 2})),
                 MessageWriter{Kind::data_end}.u64(2).u32(1)));
    EXPECT_STREQ(caller->get("x", path("c").c_str(), 100).text.data(),
                 "the file's size or checksum is wrong");
    EXPECT_FALSE(fs::exists(path("c")));
}

// Callers that are not to be trusted: the agent ends the connection.

TEST_F(Exec, ACallerThatTalksNonsenseIsLeft)
{
    const auto hello = [] { return MessageWriter{Kind::hello}.u32(1); };
    const auto eats  = [] { return MessageWriter{Kind::run}.u32(1).u32(1).string("cat"); };
    std::vector<std::vector<MessageWriter>> cases;
    cases.push_back({MessageWriter{Kind::run}}); // without a greeting
    cases.push_back({hello(), MessageWriter{Kind::exited}});
    cases.push_back({hello(), MessageWriter{static_cast<Kind>(200)}});
    cases.push_back({hello(), eats(), MessageWriter{Kind::put}});
    cases.push_back({hello(), MessageWriter{Kind::put}.u32(0600).string(path("b")), eats()});
    cases.push_back({hello(), eats(), MessageWriter{Kind::eof}, MessageWriter{Kind::eof},
                     MessageWriter{Kind::input}.raw(std::as_bytes(std::span{"x", 1}))});
    for (auto& messages : cases) {
        serve(an_agent);
        control::Conversation talk{*stream};
        for (auto& message : messages) {
            (void)talk.send(message);
        }
        while (talk.wait()) {
        }
        EXPECT_TRUE(talk.is_over());
        EXPECT_FALSE(fs::exists(path("b")));
    }
}

} // namespace
