#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace palimpsest::experiments {

// Every tag is closed in order, except HTML's void elements.
inline void expect_well_formed(const std::string& page) {
  const std::vector<std::string> without_end{"meta", "img", "br", "!DOCTYPE"};
  std::vector<std::string> open;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at)) {
    const std::size_t end = page.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = page.substr(at + 1, end - at - 1);
    at = end;
    if (tag.back() == '/') continue;
    const std::string name = tag.substr(0, tag.find_first_of(" \n"));
    if (std::find(without_end.begin(), without_end.end(), name) != without_end.end()) continue;
    if (tag[0] != '/') {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << tag;
    ASSERT_EQ("/" + open.back(), tag) << page.substr(at > 200 ? at - 200 : 0, 260);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

}  // namespace palimpsest::experiments
