#include "tests/program/run_program.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace palimpsest {

namespace {

fs::path make_scratch_file() {
  std::string name = testing::TempDir() + "/palimpsest-output.XXXXXX";
  const int descriptor = ::mkstemp(name.data());
  if (descriptor < 0) throw std::runtime_error("cannot make " + name);
  ::close(descriptor);
  return name;
}

void limit(int resource, std::int64_t value) {
  if (value < 0) return;
  const auto bound = static_cast<rlim_t>(value);
  const rlimit limits{bound, bound};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &limits);
}

void redirect(const fs::path& path, int descriptor) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT, 0666);
  if (file < 0 || ::dup2(file, descriptor) < 0) ::_exit(126);
}

// In the child, after fork: everything up to exec.
[[noreturn]] void become_program(char* const* arguments, const Circumstances& how, const fs::path& output,
                                 const fs::path& errors) {
  redirect(how.standard_output.empty() ? output : how.standard_output, STDOUT_FILENO);
  redirect(errors, STDERR_FILENO);
  if (!how.folder.empty() && ::chdir(how.folder.c_str()) != 0) ::_exit(126);
  limit(RLIMIT_FSIZE, how.largest_file);
  limit(RLIMIT_AS, how.largest_memory);
  if (how.as_nobody) {
    const passwd* const nobody = ::getpwnam("nobody");
    if (nobody == nullptr || ::setgid(nobody->pw_gid) != 0 || ::setuid(nobody->pw_uid) != 0) ::_exit(126);
  }
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

std::string take(const fs::path& file) {
  std::string text = read_file(file);
  fs::remove(file);
  return text;
}

}  // namespace

std::vector<std::string> Outcome::complaints() const {
  std::vector<std::string> found;
  std::istringstream lines(errors);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("palimpsest: ")) found.push_back(line);
  return found;
}

RunningProgram::RunningProgram(const std::vector<std::string>& arguments, const Circumstances& circumstances)
    : output_(make_scratch_file()), errors_(make_scratch_file()) {
  std::vector<std::string> words{PALIMPSEST_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) become_program(pointers.data(), circumstances, output_, errors_);
}

RunningProgram::~RunningProgram() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait();
}

void RunningProgram::signal(int number) const {
  ::kill(pid_, number);
}

Outcome RunningProgram::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), take(output_), take(errors_)};
}

Outcome run_program(const std::vector<std::string>& arguments, const Circumstances& circumstances) {
  RunningProgram program(arguments, circumstances);
  return program.wait();
}

void expect_refused(const Outcome& outcome, std::initializer_list<std::string> parts) {
  EXPECT_EQ(outcome.status, 1) << outcome.errors;
  const auto complaints = outcome.complaints();
  ASSERT_EQ(complaints.size(), 1U) << outcome.errors;
  for (const std::string& part : parts) EXPECT_THAT(complaints[0], testing::HasSubstr(part));
  const auto semicolon = complaints[0].rfind("; ");
  ASSERT_NE(semicolon, std::string::npos) << complaints[0];
  EXPECT_GT(complaints[0].size(), semicolon + 5) << "no remedy: " << complaints[0];
  EXPECT_THAT(complaints[0], testing::Not(testing::HasSubstr("this is unexpected"))) << complaints[0];
  EXPECT_THAT(complaints[0], testing::Not(testing::HasSubstr("defect"))) << complaints[0];
}

UntouchedFiles::UntouchedFiles(fs::path folder) : folder_(std::move(folder)), before_(contents()) {}

std::vector<std::pair<fs::path, std::string>> UntouchedFiles::contents() const {
  std::vector<std::pair<fs::path, std::string>> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder_))
    if (entry.is_regular_file()) files.emplace_back(entry.path(), read_file(entry.path()));
  std::sort(files.begin(), files.end());
  return files;
}

void UntouchedFiles::expect_untouched() const {
  const auto after = contents();
  for (const auto& file : before_)
    EXPECT_TRUE(std::binary_search(after.begin(), after.end(), file)) << file.first << " has changed or is gone";
  for (const auto& [path, bytes] : after)
    EXPECT_EQ(path.filename().string().find(".tmp."), std::string::npos) << path << " was left behind";
}

}  // namespace palimpsest
