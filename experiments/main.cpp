// The program: reads the command line, runs one command, and turns every failure into a message and an exit code.
//   0 success   1 failure   2 invalid command line   130 stopped by Ctrl-C or SIGTERM
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "experiments/command_line.h"
#include "experiments/devices.h"

namespace palimpsest::experiments {

namespace {

// Names from data files may contain line ends, terminal escape sequences, or a megabyte of text.
std::string one_line(std::string text) {
  constexpr std::size_t longest = 4000;
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  if (text.size() > longest) text = text.substr(0, longest / 2) + " ... " + text.substr(text.size() - longest / 2);
  return text;
}

int fail(const std::string& problem, const std::string& remedy) {
  // Not fmt::print, which throws when standard error cannot be written.
  std::fputs(fmt::format("palimpsest: {}; {}\n", one_line(problem), one_line(remedy)).c_str(), stderr);
  return 1;
}

int finish_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
  return fail("standard output could not be written", "check whether its disk is full");
}

int run_line(const CommandLine& line) {
  if (!line.command) {
    std::fputs(line.text.c_str(), line.exit_code == 0 ? stdout : stderr);
    return line.exit_code == 0 ? finish_output() : line.exit_code;
  }
  Progress::silence(line.quiet);
  announce_devices(!line.quiet);
  try {
    line.call.run();
  } catch (const Interrupted&) {
    const char* const advice = line.command->goes_on ? "run the same command again to resume"
                                                     : "existing files are complete; run the same command again";
    std::fputs(fmt::format("palimpsest: stopped; {}\n", advice).c_str(), stderr);
    return 130;
  }
  return finish_output();
}

int guarded_main(const std::vector<std::string>& arguments) {
  try {
    return run_line(parse_command_line(arguments));
  } catch (const Error& error) {
    return fail(error.what(), error.remedy());
  } catch (const std::bad_alloc&) {
    return fail("out of memory", "try a smaller --batch, or free some memory");
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(error.what(), "check that the path is right, readable and writable");
  } catch (const std::exception& error) {
    return fail(error.what(), "this is unexpected: please report it with the command that you gave");
  }
}

}  // namespace

}  // namespace palimpsest::experiments

namespace {

// OpenMP's threads should sleep between loops instead of spinning: with another busy program on the same cores,
// spinning made the training of a narrow network ten times slower. libgomp reads its environment before main starts, so
// the program has to restart itself. A policy set by the user is not changed.
void wait_passively(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  ::execv("/proc/self/exe", argv);  // if that fails, threads spin
}

}  // namespace

int main(int argc, char** argv) {
  wait_passively(argv);
  // A file-size limit becomes a write error. SIGPIPE keeps its default: the reader of our output has seen enough, and
  // every file is complete at any moment.
  std::signal(SIGXFSZ, SIG_IGN);
  palimpsest::catch_interrupts();
  return palimpsest::experiments::guarded_main(std::vector<std::string>(argv + 1, argv + argc));
}
