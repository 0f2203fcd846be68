"""Writes analysis/: results of scikit-learn, scipy and statsmodels, for the tests of analysis/.
Run: python make_analysis.py     (needs numpy, scipy, scikit-learn, statsmodels)"""
import json
import pathlib

import numpy as np
from scipy import stats
from scipy.special import logsumexp
from sklearn import metrics, svm
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

folder = pathlib.Path(__file__).parent / "analysis"
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(20210414)


def save(name, value):
    (folder / f"{name}.json").write_text(json.dumps(value) + "\n")


def metrics_cases():
    cases = []
    for classes, n in [(2, 50), (8, 200), (4, 30)]:
        labels = rng.integers(0, classes, n)
        predicted = np.where(rng.random(n) < 0.6, labels, rng.integers(0, classes, n))
        if classes == 4:  # a class never predicted, and one without images
            predicted[predicted == 3] = 0
            labels[labels == 2] = 1
        values = metrics.precision_recall_fscore_support(labels, predicted, labels=range(classes), zero_division=0)
        macro = metrics.precision_recall_fscore_support(
            labels, predicted, labels=range(classes), average="macro", zero_division=0)
        cases.append({"classes": classes, "labels": labels.tolist(), "predicted": predicted.tolist(),
                      "precision": values[0].tolist(), "recall": values[1].tolist(), "f1": values[2].tolist(),
                      "support": values[3].tolist(), "macro": [float(v) for v in macro[:3]],
                      "accuracy": metrics.accuracy_score(labels, predicted)})
    return cases


def wilson_cases():
    pairs = [(0, 10), (10, 10), (3, 7), (421, 500), (1, 14382)]
    return [[k, n, *proportion_confint(k, n, 0.05, method="wilson")] for k, n in pairs]


def mcnemar_cases():
    pairs = [(67, 2), (2, 67), (5, 5), (0, 1), (1, 0), (10, 25), (100, 101), (1000, 1300), (500, 0), (998, 1), (7000, 6500)]
    cases = []
    for b, c in pairs:
        table = [[11, b], [c, 13]]
        exact, plain, corrected = (mcnemar(table, **how) for how in (
            {"exact": True}, {"exact": False, "correction": False}, {"exact": False, "correction": True}))
        cases.append({"b": b, "c": c, "exact": min(1.0, stats.binomtest(b, b + c).pvalue),
                      "exact_statsmodels": float(min(exact.pvalue, 1)),
                      "chi2": [float(plain.statistic), float(plain.pvalue)],
                      "corrected": [float(corrected.statistic), float(corrected.pvalue)]})
    return cases


def t_cases():
    cases = []
    for n, shift, scale in [(5, 0.1, 1.0), (500, 0.01, 0.02), (500, 0.5, 0.1), (1000, 0.0, 1.0)]:
        first = rng.normal(0.8, scale, n)
        second = first - rng.normal(shift, scale / 3, n)
        t, p = stats.ttest_rel(first, second)
        cases.append({"differences": (first - second).tolist(), "t": float(t), "p": float(p)})
    return cases


def nadeau_bengio(differences):
    """The corrected resampled t-test as the paper writes it, with test/train = 1."""
    d = np.asarray(differences)
    t = d.mean() / np.sqrt((1 / len(d) + 1) * d.var(ddof=1))
    return {"t": float(t), "p": float(2 * stats.t.sf(abs(t), len(d) - 1))}


def tails():
    return [[t, df, float(2 * stats.t.sf(abs(t), df))]
            for t, df in [(-13.13, 499), (-9.33, 499), (-0.6, 999), (0.0, 5), (2.0, 1), (60.0, 499), (5.0, 999)]]


def holm_cases():
    sets = [[0.01, 0.04, 0.03, 0.005], [0.5, 0.5, 0.9], [1e-30, 0.2, 1e-30, 0.049, 0.01, 1.0], [0.02]]
    return [[p, multipletests(p, method="holm")[1].tolist()] for p in sets]


def concept():
    """2-fold F1, ROC AUC and decision values of SVC(kernel='precomputed') on given folds."""
    n, d = 70, 30
    labels = (np.arange(n) % 3 == 0).astype(np.int64)
    features = rng.normal(0, 1, (n, d)).astype(np.float32) * rng.uniform(0.2, 5, d).astype(np.float32) + 3
    features[:, 0] += 4 * labels
    features[:, 5] = 7.1  # a constant column
    np.save(folder / "concept_features.npy", features)
    np.save(folder / "concept_labels.npy", labels)
    folds = [rng.permutation(np.arange(n) % 2).tolist() for _ in range(6)]
    cases = []
    for standardise in (False, True):
        x = features.astype(np.float64)
        x = StandardScaler().fit_transform(x) if standardise else x
        gram = x @ x.T
        for c in (1.0, 0.001):
            for fold in folds:
                f1, auc, decisions = [], [], np.zeros(n)
                for test in (0, 1):
                    rows, others = np.flatnonzero(np.equal(fold, test)), np.flatnonzero(np.not_equal(fold, test))
                    model = svm.SVC(kernel="precomputed", C=c, tol=1e-7).fit(gram[np.ix_(others, others)], labels[others])
                    decisions[rows] = model.decision_function(gram[np.ix_(rows, others)])
                    f1.append(metrics.f1_score(labels[rows], decisions[rows] > 0, zero_division=0))
                    auc.append(metrics.roc_auc_score(labels[rows], decisions[rows]))
                cases.append({"standardise": standardise, "c": c, "fold": fold, "f1": f1, "auc": auc,
                              "decisions": [float(f"{v:.9g}") for v in decisions]})
    return cases


def ranking():
    values = rng.integers(0, 12, 40).astype(float)
    other = values + rng.normal(0, 4, 40)
    positive = (rng.random(40) < 0.4).astype(int)
    return {"values": values.tolist(), "other": other.tolist(), "positive": positive.tolist(),
            "ranks": stats.rankdata(values).tolist(), "auc": metrics.roc_auc_score(positive, values),
            "spearman": float(stats.spearmanr(values, other).statistic),
            "quantiles": [[q, float(np.quantile(other, q))] for q in (0, 0.025, 0.31, 0.5, 0.975, 1)]}


def probes():
    """Log-odds of LogisticRegression on features over their root mean square, more and fewer examples than features."""
    cases = []
    for name, n, d, classes, c in [("tall", 80, 6, 3, 0.1), ("tall, weak penalty", 80, 6, 4, 3.0), ("wide", 24, 40, 3, 0.01)]:
        labels = rng.permutation(np.where(np.arange(n) % 9 == 0, classes - 1, np.arange(n) % (classes - 1)))
        shift = rng.normal(0, 1, (classes, d))
        features = np.round((rng.normal(0, 1, (n, d)) + shift[labels]) * 5, 3).astype(np.float32)
        test = np.round((rng.normal(0, 1, (10, d)) + shift[np.arange(10) % classes]) * 5, 3).astype(np.float32)
        scale = np.sqrt(np.mean(features.astype(np.float64) ** 2))
        model = LogisticRegression(C=c, class_weight="balanced", tol=1e-10, max_iter=100000)
        z = model.fit(features.astype(np.float64) / scale, labels).decision_function(test.astype(np.float64) / scale)
        others = np.array([[logsumexp(np.delete(row, k)) for k in range(classes)] for row in z])
        cases.append({"name": name, "columns": d, "classes": classes, "c": c, "labels": labels.tolist(),
                      "features": [float(v) for v in features.ravel()], "test": [float(v) for v in test.ravel()],
                      "log_odds": (z - others).ravel().tolist()})
    return cases


def ranking_losses():
    """DeLong's components by counting pairs; variance of the images and of the runs; Satterthwaite's t-test."""
    cases = []
    for n, runs, noise in [(60, 1, 0.5), (60, 3, 0.5), (200, 5, 1.0), (40, 2, 0.0)]:
        positive = np.arange(n) % 4 == 0
        before = np.round(rng.normal(0, 1, n) + 1.5 * positive, 1)  # rounded, so that there are ties
        after = [np.round(before * 0.8 + rng.normal(0, 1, n) * noise, 1) for _ in range(runs)]

        def components(scores):
            pairs = (scores[positive][:, None] > scores[~positive]) + 0.5 * (scores[positive][:, None] == scores[~positive])
            return pairs.mean(1), pairs.mean(0)

        parts = [components(s) for s in (before, *after)]
        p, q = [parts[0][k] - np.mean([one[k] for one in parts[1:]], axis=0) for k in (0, 1)]
        areas = [one[0].mean() for one in parts]
        v = [p.var(ddof=1) / len(p), q.var(ddof=1) / len(q)]
        df = [len(p) - 1, len(q) - 1]
        cases.append({"positive": positive.astype(int).tolist(), "before": before.tolist(),
                      "after": [a.tolist() for a in after], "areas": areas, "image_variance": sum(v),
                      "images": satterthwaite(areas[0] - np.mean(areas[1:]), v, df)})
        run_variance = np.var(areas[1:], ddof=1) if runs > 1 else 0.0
        if runs > 1:
            v.append(run_variance / runs)
            df.append(runs - 1)
        cases[-1] |= {"run_variance": run_variance, "test": satterthwaite(areas[0] - np.mean(areas[1:]), v, df)}
    return cases


def cka():
    """Kornblith et al. 2019 with the unbiased HSIC of Song et al. 2012, as the papers write them, on Gram matrices."""
    def unbiased(k, l):
        n, ones = len(k), np.ones(len(k))
        k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))
        return (np.trace(k @ l) + ones @ k @ ones * (ones @ l @ ones) / ((n - 1) * (n - 2))
                - 2 / (n - 2) * ones @ k @ l @ ones) / (n * (n - 3))

    def biased(k, l):
        centre = np.eye(len(k)) - 1 / len(k)
        return np.trace(k @ centre @ l @ centre)

    def alignment(hsic, x, y):
        k, l = x @ x.T, y @ y.T
        return hsic(k, l) / np.sqrt(hsic(k, k) * hsic(l, l))

    random = np.random.default_rng(2019)
    cases = []
    for name, n, p, q, shared in [("narrow", 30, 4, 7, 0.7), ("wide", 12, 20, 15, 0.7), ("mixed", 16, 3, 25, 0.5),
                                  ("independent, wide", 20, 100, 100, 0), ("same", 10, 3, 3, 1)]:
        common = random.normal(size=(n, max(p, q)))
        x = common[:, :p] + 3
        y = shared * common[:, :q] + (1 - shared) * random.normal(size=(n, q))
        x, y = x.astype(np.float32).round(3), y.astype(np.float32).round(3)
        of = x.astype(np.float64), y.astype(np.float64)
        cases.append({"name": name, "x_columns": p, "y_columns": q, "x": [float(str(v)) for v in x.ravel()],
                      "y": [float(str(v)) for v in y.ravel()], "debiased": alignment(unbiased, *of),
                      "biased": alignment(biased, *of)})
    return cases


def satterthwaite(value, variances, df):
    degrees = sum(variances) ** 2 / sum(v * v / d for v, d in zip(variances, df) if v > 0)
    error = np.sqrt(sum(variances))
    reach = stats.t.ppf(0.975, degrees) * error
    return [value / error, degrees, 2 * stats.t.sf(abs(value / error), degrees), value - reach, value + reach]


save("metrics", metrics_cases())
save("wilson", wilson_cases())
save("mcnemar", mcnemar_cases())
t = t_cases()
save("t_tests", [{**case, "corrected": nadeau_bengio(case["differences"])} for case in t])
save("t_tails", tails())
save("holm", holm_cases())
save("concept", concept())
save("ranking", ranking())
save("probe", probes())
save("ranking_loss", ranking_losses())
save("cka", cka())
