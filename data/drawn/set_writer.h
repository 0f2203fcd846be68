#pragma once
#include <string>
#include <vector>

#include "data/drawn/action_units.h"
#include "data/drawn/draw_sets.h"
#include "data/drawn/identity.h"
#include "data/drawn/scene.h"

// Common to the three sets: a list of pictures is first planned, cheaply and in order, and then drawn by any number of
// threads.
namespace palimpsest::data::drawn {

// Persons of different sets and parts have different ranges, so none is in two.
enum PersonRange : std::uint64_t {
  affectnet_train_people = 0,
  affectnet_test_people = 1u << 28,
  unbc_people = 2u << 28,
  ckplus_people = 3u << 28,
  pair_people = 4u << 28,
};

struct PlannedPicture {
  std::string id;             // path below the folder of pictures
  std::string part, emotion;  // for the truth
  std::uint64_t person = 0;
  Expression expression;
  Scene scene;
  int width = 0, height = 0;
  int jpeg_quality = 0;  // 0: PNG
  bool masked = false;
  bool face = true;  // false: background only
};

struct FaceGeometry {
  std::vector<Point> landmarks;  // 68, pixels
  Box box;
};

// Draws and writes the pictures below `pictures`; the geometry of each, in order.
std::vector<FaceGeometry> draw_pictures(const std::vector<PlannedPicture>& plan, const fs::path& pictures,
                                        const DrawSetsOptions& options, const std::string& task);
void write_truth(const std::vector<PlannedPicture>& plan, const fs::path& set_folder, const DrawSetsOptions& options);

void draw_affectnet(const fs::path& set_folder, const DrawSetsOptions& options);
void draw_unbc(const fs::path& set_folder, const DrawSetsOptions& options);
void draw_ckplus(const fs::path& set_folder, const DrawSetsOptions& options);

// Pose, light, format and colour of frame `frame` of CK+'s recording `number`. requires: the person is set
void place_in_ckplus(PlannedPicture& picture, std::uint64_t number, int frame, const DrawSetsOptions& options);

std::string unbc_participant(int index, std::uint64_t seed);  // "042-ll042"
std::string scientific(double value);                         // "   4.0000000e+00", as UNBC's and CK+'s files have it
std::string points_text(const std::vector<Point>& points);    // a line "x y" each

}  // namespace palimpsest::data::drawn
