#include "base/nearest_word.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace palimpsest {

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
  const auto distance = [&](std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i);
      for (std::size_t j = 1; j <= other.size(); ++j) {
        const std::size_t change = diagonal + (word[i - 1] != other[j - 1]);
        diagonal = row[j];
        row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
      }
    }
    return row.back();
  };
  // A key in the wrong group is also compared by its last part.
  const auto last_part = [](std::string_view name) { return name.substr(name.rfind('.') + 1); };
  std::string best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    std::size_t edits = distance(candidate);
    if (last_part(candidate) == last_part(word)) edits = std::min<std::size_t>(edits, 2);
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

}  // namespace palimpsest
