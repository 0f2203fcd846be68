#include "data/drawn/set_writer.h"

#include <fmt/format.h>

#include "base/csv.h"
#include "data/drawn/camera.h"
#include "data/drawn/face.h"
#include "data/drawn/masks.h"
#include "data/drawn/paint.h"
#include "data/drawn/set_files.h"
#include "data/image_encode.h"
#include "data/parallel.h"

namespace palimpsest::data::drawn {

namespace {

DrawnFace draw_planned(const PlannedPicture& picture, std::uint64_t seed) {
  const Identity person = random_identity(seed, picture.person);
  DrawnFace drawn = draw_face(person, picture.expression, picture.scene, picture.width, picture.height);
  if (picture.face) return drawn;
  const Canvas canvas(picture.width,
                      picture.height);  // the box and points of an absent face, as in the real set
  paint_background(canvas, picture.scene);
  drawn.image = photograph(canvas, 1, picture.scene);
  return drawn;
}

void write_masks(const std::vector<PlannedPicture>& plan, const fs::path& path, const DrawSetsOptions& options) {
  std::vector<const PlannedPicture*> masked;
  for (const auto& picture : plan)
    if (picture.masked) masked.push_back(&picture);
  if (masked.empty()) return;
  AtomicFile file(path);
  std::string header = fmt::format("{{'descr': '<u4', 'fortran_order': False, 'shape': ({}, {}, {}), }}", masked.size(),
                                   mask_grid, mask_grid);
  header.resize((header.size() + 10 + 64) / 64 * 64 - 11, ' ');  // magic, version, length and this end on 64 bytes
  header += '\n';
  const char start[10] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, char(header.size() & 255), char(header.size() >> 8)};
  file.write(start, sizeof start);
  file.write(header);
  constexpr std::size_t block = 512;
  for (std::size_t first = 0; first < masked.size(); first += block) {
    const std::size_t count = std::min(block, masked.size() - first);
    std::vector<std::vector<std::uint32_t>> masks(count);
    parallel_for(int(count), options.threads, "masks", [&](int i) {
      const PlannedPicture& p = *masked[first + std::size_t(i)];
      masks[std::size_t(i)] =
          action_unit_masks(random_identity(options.seed, p.person), p.expression, p.scene, p.width, p.height);
    });
    for (const auto& mask : masks) file.write(mask.data(), mask.size() * sizeof(std::uint32_t));
  }
  file.commit();
}

}  // namespace

std::vector<FaceGeometry> draw_pictures(const std::vector<PlannedPicture>& plan, const fs::path& pictures,
                                        const DrawSetsOptions& options, const std::string& task) {
  std::vector<FaceGeometry> geometry(plan.size());
  parallel_for(int(plan.size()), options.threads, task, [&](int i) {
    const PlannedPicture& picture = plan[std::size_t(i)];
    DrawnFace drawn = draw_planned(picture, options.seed);
    write_part(pictures / picture.id,
               picture.jpeg_quality > 0 ? encode_jpeg(drawn.image, picture.jpeg_quality) : encode_png(drawn.image));
    geometry[std::size_t(i)] = {std::move(drawn.landmarks), drawn.box};
  });
  return geometry;
}

void write_truth(const std::vector<PlannedPicture>& plan, const fs::path& set_folder, const DrawSetsOptions& options) {
  const fs::path folder = set_folder / "truth";
  std::string rows = "id,part,person,emotion,width,height,mask_row,action_units\n";
  int mask_row = 0;
  for (const auto& p : plan)
    rows += fmt::format("{},{},{},{},{},{},{},{}\n", csv_field(p.id), p.part, p.person, p.emotion, p.width, p.height,
                        p.masked ? mask_row++ : -1, expression_text(p.expression));
  std::string units = "bit,number,name,muscles,appearance\n";
  for (int i = 0; i < action_unit_count; ++i) {
    const ActionUnitInfo& unit = action_unit_table()[std::size_t(i)];
    units += fmt::format("{},{},{},{},{}\n", i, unit.number, csv_field(unit.name), csv_field(unit.muscles),
                         csv_field(unit.appearance));
  }
  write_masks(plan, folder / "masks.npy", options);
  write_part(folder / "action_units.csv", units);
  write_part(folder / "truth.csv", rows);
}

std::string scientific(double value) {
  return fmt::format("   {:.7e}", value);
}

std::string points_text(const std::vector<Point>& points) {
  std::string text;
  for (Point p : points) text += scientific(p.x) + scientific(p.y) + "\n";
  return text;
}

}  // namespace palimpsest::data::drawn
